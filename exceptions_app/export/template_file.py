"""Opening what somebody says is a policy that the own SEPM exported. Nothing in it is trusted.

XML, a ZIP of members, or the JSON answer of the raw endpoint with its one text `policy_xml`.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, tostring  # only to write, and for the types

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from exceptions_app.errors import ExceptionsError
from exceptions_app.export.targets import add_member

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 16 * 1024 * 1024
MOST_MEMBERS = 200
MOST_UNPACKED = 64 * 1024 * 1024
# A policy is text: it packs well, but not a thousand times.
MOST_RATIO = 200
MOST_ELEMENTS = 500_000
MOST_DEPTH = 200
# Below this a high ratio does no harm.
SMALL = 64 * 1024


class TemplateRefused(ExceptionsError):
    """The file cannot be used as a template; the sentence says why."""

    code = "template_refused"


@dataclass(slots=True)
class Template:
    """`form` is xml, json or zip; `members` the bytes by name, `roots` the parsed ones by name."""

    form: str
    members: dict[str, bytes]
    roots: dict[str, Element] = field(default_factory=dict)

    def written(self, changed: Mapping[str, Element]) -> bytes:
        """The same container with these roots; no clock is in it."""
        made: dict[str, bytes] = {
            name: tostring(root, "utf-8", xml_declaration=True) for name, root in changed.items()
        }
        if self.form == "xml":
            return made[""]
        if self.form == "json":
            return json.dumps({"policy_xml": made[""].decode()}, ensure_ascii=False).encode()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, body in self.members.items():
                add_member(archive, name, made.get(name, body))
        return out.getvalue()


def open_template(stream: IO[bytes]) -> Template:
    """TemplateRefused for everything that is too large, unsafe, or neither XML, ZIP nor JSON."""
    body = stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TemplateRefused(
            f"The file has more than {MOST_BYTES >> 20} MB, more than any policy."
        )
    if body.startswith(b"PK"):
        template = Template("zip", _unpacked(body))
        for name, member in template.members.items():
            if member.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                template.roots[name] = _root(member)
        if not template.roots:
            names = ", ".join(sorted(template.members)[:5]) or "none"
            raise TemplateRefused(f"No member of the ZIP is XML. Its members: {names}.")
        return template
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return Template("xml", {"": body}, {"": _root(body)})
    if start == b"{":
        text = _policy_xml(body)
        return Template("json", {"": text}, {"": _root(text)})
    raise TemplateRefused(
        "The file is neither XML nor ZIP nor the answer of /policies/raw/exceptions/<id>. What is"
        " inside a .dat is not public: if yours is another form, please donate a sample."
    )


def _policy_xml(body: bytes) -> bytes:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TemplateRefused("The file is no readable JSON.") from error
    text = document.get("policy_xml") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise TemplateRefused("The JSON has no text policy_xml, as the raw endpoint answers.")
    return text.encode("utf-8", "replace")


def _unpacked(body: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_MEMBERS:
                raise TemplateRefused(f"The ZIP has more than {MOST_MEMBERS} members.")
            members: dict[str, bytes] = {}
            left = MOST_UNPACKED
            for info in infos:
                _refuse_member(info, members)
                if info.is_dir():
                    continue
                with archive.open(info) as stream:
                    # The header may lie: what is read counts.
                    member = stream.read(left + 1)
                left -= len(member)
                packed = max(info.compress_size, 1)
                if left < 0 or (len(member) > SMALL and len(member) > MOST_RATIO * packed):
                    raise TemplateRefused("The ZIP unpacks to far more than a policy is.")
                members[info.filename] = member
            return members
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise TemplateRefused(f"The ZIP cannot be read: {str(error)[:200]}") from error
    except RuntimeError as error:
        raise TemplateRefused("The ZIP cannot be unpacked.") from error


def _refuse_member(info: zipfile.ZipInfo, members: Mapping[str, bytes]) -> None:
    name = info.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\\" in name or "\0" in name:
        raise TemplateRefused(f"The ZIP has a member that leads out of it: {name[:100]!r}.")
    if name in members:
        raise TemplateRefused(f"The ZIP has two members called {name[:100]!r}.")
    if info.flag_bits & 1:
        raise TemplateRefused("The ZIP is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise TemplateRefused("The ZIP is packed in a way that is not read.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise TemplateRefused(f"The ZIP has a link: {name[:100]!r}.")


def _root(body: bytes) -> Element:
    """No document type, no entities, no namespaces (writing them back would rename them)."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise TemplateRefused("The XML has a document type or entities: not opened.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise TemplateRefused(f"The XML cannot be read: {str(error)[:200]}") from error
    waiting, seen = [(root, 1)], 0
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if seen > MOST_ELEMENTS or depth > MOST_DEPTH:
            raise TemplateRefused("The XML has more elements, or deeper ones, than any policy.")
        if any(name.startswith("{") for name in (element.tag, *element.attrib)):
            raise TemplateRefused("The XML has namespaces, which would not come back as they were.")
        waiting += [(child, depth + 1) for child in element]
    return root
