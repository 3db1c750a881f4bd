"""EXPERIMENTAL: entries of a revision in the container that the own SEPM exported. Pure.

What the XML of an exceptions policy looks like is not public, so nothing is made up: an element of
the uploaded policy that is seen to be a process exception (one SHA-1 or SHA-256, one file name and
one word for the response in it) is cloned, and only these three values are replaced. No claim is
made that SEPM accepts the result.
"""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.export.template_file import TemplateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from exceptions_app.export.entry import Entry
    from exceptions_app.export.template_file import Template

KINDS = {40: "sha1", 64: "sha256"}
HASH = re.compile(r"(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\Z")
FILE = re.compile(
    r"[^\\/:*?\"<>|]{1,200}\.(?:exe|com|scr|dll|sys|bat|cmd|msi|ocx)\Z", re.IGNORECASE
)
WORDS = {
    "ignore": "ignore",
    "quarantine": "quarantine",
    "terminate": "terminate",
    "block": "terminate",
}
# An id of SEPM: 32 upper-case hex digits. A clone must not share it.
ID = re.compile(r"[0-9A-F]{32}\Z")
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Pattern:
    """An element that is a process exception: its parent, and where its three values are.

    A place is (index of the element in the subtree, attribute or None for its text).
    """

    member: str
    parent: Element
    element: Element
    hash_at: tuple[int, str | None]
    file_at: tuple[int, str | None]
    response: str
    kind: str
    is_upper: bool


@dataclass(slots=True)
class Report:
    """What was found in a template, for people; `refused` is empty if it can be used."""

    form: str
    members: list[tuple[str, int]]
    roots: list[tuple[str, str, int]]
    patterns: list[tuple[str, str, str]] = field(default_factory=list)
    refused: str = ""


@dataclass(slots=True)
class Made:
    """The file, and the entries that are not in it with the reason."""

    body: bytes
    written: int
    left_out: list[tuple[str, str]]


def report(template: Template) -> Report:
    """Members, roots, and the process exceptions by (path of the element, response, kind)."""
    told = Report(
        template.form,
        [(name or "the file", len(body)) for name, body in template.members.items()],
        [(name or "the file", root.tag, sum(1 for _ in root.iter()))
         for name, root in template.roots.items()],
    )  # fmt: skip
    found = patterns(template)
    told.patterns = [(one.element.tag, one.response, one.kind) for one in found][:SHOWN]
    if not found:
        told.refused = (
            "No process exception was found: no element with one SHA-1 or SHA-256, one file name"
            " and one of the words Ignore, Quarantine, Terminate. Make one such exception in SEPM,"
            " export the policy again, and use that file."
        )
    return told


def patterns(template: Template) -> list[Pattern]:
    return [
        found
        for member, root in template.roots.items()
        for parent in root.iter()
        for element in parent
        if (found := _pattern(member, parent, element)) is not None
    ]


def fill(template: Template, entries: Sequence[Entry]) -> Made:
    """The container with an element per entry in place of the ones that were found.

    An entry needs an example of its response, and a hash of the kind that the example has: else it
    is left out and told. TemplateRefused if there is no example, or nothing could be written.
    """
    found = patterns(template)
    if not found:
        raise TemplateRefused(report(template).refused)
    examples: dict[str, Pattern] = {}
    for one in found:
        examples.setdefault(one.response, one)
    left_out: list[tuple[str, str]] = []
    clones: dict[str, list[Element]] = {response: [] for response in examples}
    for entry in entries:
        example = examples.get(entry.response)
        digits = entry.digests(example.kind) if example else ()
        if example is None:
            left_out.append((entry.label, f"the template has no example of {entry.response}"))
        elif not digits or not entry.name:
            left_out.append((entry.label, f"it has no {example.kind}, or no file name"))
        else:
            clones[entry.response] += [_clone(example, entry.name, one) for one in digits]
    written = sum(map(len, clones.values()))
    if not written:
        why = left_out[0][1] if left_out else "the revision has no rules"
        raise TemplateRefused(f"No entry can be written: {why}.")
    _put(found, examples, clones)
    return Made(template.written({name: template.roots[name] for name in template.roots}),
                written, left_out)  # fmt: skip


def _put(
    found: Sequence[Pattern], examples: dict[str, Pattern], clones: dict[str, list[Element]]
) -> None:
    """Clones where their example stood; all that were found go, for a revision is the whole set."""
    for response, example in examples.items():
        place = list(example.parent).index(example.element)
        for offset, clone in enumerate(clones[response]):
            example.parent.insert(place + offset, clone)
    for one in found:
        one.parent.remove(one.element)


def _clone(example: Pattern, name: str, digits: str) -> Element:
    clone = copy.deepcopy(example.element)
    nodes = list(clone.iter())
    _write(nodes, example.hash_at, digits.upper() if example.is_upper else digits)
    _write(nodes, example.file_at, name)
    for node in nodes:
        for key, value in node.attrib.items():
            if key.casefold().endswith("id") and ID.match(value):
                made = hashlib.sha256(f"{value}:{digits}".encode()).hexdigest()
                node.set(key, made[:32].upper())
    return clone


def _write(nodes: Sequence[Element], place: tuple[int, str | None], value: str) -> None:
    index, attribute = place
    if attribute is None:
        nodes[index].text = value
    else:
        nodes[index].set(attribute, value)


def _values(element: Element) -> Iterator[tuple[tuple[int, str | None], str]]:
    for index, node in enumerate(element.iter()):
        for key, value in node.attrib.items():
            yield (index, key), value.strip()
        if node.text and node.text.strip():
            yield (index, None), node.text.strip()


def _pattern(member: str, parent: Element, element: Element) -> Pattern | None:
    """The element, if it holds each of the three exactly once, and is not inside a smaller one."""
    hashes: list[tuple[tuple[int, str | None], str]] = []
    files: list[tuple[int, str | None]] = []
    words: list[str] = []
    for place, value in _values(element):
        if HASH.match(value):
            hashes.append((place, value))
        elif FILE.match(value):
            files.append(place)
        elif value.casefold() in WORDS:
            words.append(WORDS[value.casefold()])
        if len(hashes) > 1 or len(files) > 1 or len(words) > 1:
            return None
    if not (hashes and files and words):
        return None
    if any(_pattern(member, element, child) is not None for child in element):
        return None
    place, value = hashes[0]
    return Pattern(
        member, parent, element, place, files[0], words[0], KINDS[len(value)],
        is_upper=value == value.upper(),
    )  # fmt: skip
