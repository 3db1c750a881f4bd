"""Files that somebody says SEPM exported: hostile ones first. The XML here is made up."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client

from exceptions_app.export.entry import Entry
from exceptions_app.export.template_file import MOST_BYTES, TemplateRefused, open_template
from exceptions_app.export.template_mode import fill, report
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user

A, B, C = (digit * 63 + "1" for digit in "abc")
ONE = (
    '<Item Id="0123456789ABCDEF0123456789ABCDEF" Act="{act}"><File Name="old.exe">'
    "<Sum>{sum}</Sum></File></Item>"
)
XML = "<SchemaContainer><Keep a='1'/><List>{}</List></SchemaContainer>"
GOOD = XML.format(ONE.format(act="Ignore", sum="D" * 63 + "1")).encode()
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>'
)
XXE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>'


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("main.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "neither XML nor ZIP"),
        (b"\x00" * 100, "neither XML nor ZIP"),
        (b"<" * (MOST_BYTES + 1), "more than 16 MB"),
        (LAUGHS, "a document type or entities"),
        (XXE, "a document type or entities"),
        (b'<!DOCTYPE l SYSTEM "http://127.0.0.1/x.dtd"><l/>', "a document type or entities"),
        (b"<a>" * 100_000, "cannot be read"),
        (b"<a>" * 300 + b"</a>" * 300, "deeper"),
        (b'<a xmlns="urn:x"/>', "namespaces"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "cannot be read"),
        (b"<a>\xff</a>", "cannot be read"),
        (b"PK\x03\x04 no zip", "cannot be read"),
        (zipped({"main.xml": b"\0" * (8 << 20)}), "far more than a policy"),
        (zipped({"../main.xml": GOOD}), "leads out"),
        (zipped({"/main.xml": GOOD}), "leads out"),
        (zipped({"C:\\main.xml": GOOD}), "leads out"),
        (zipped({"main.xml": GOOD}, zipfile.ZIP_BZIP2), "way that is not read"),
        (zipped({f"{n}.xml": b"<a/>" for n in range(201)}), "more than 200 members"),
        (zipped({"a.bin": b"1"}), "No member of the ZIP is XML. Its members: a.bin"),
        (zipped({"main.xml": XXE}), "a document type or entities"),
        (linked(), "a link"),
        (b'{"policy_xml": 1}', "no text policy_xml"),
        (b"{" * 50_000, "no readable JSON"),
        (json.dumps({"policy_xml": XXE.decode()}).encode(), "a document type or entities"),
    ],
)
def test_nothing_unsafe_is_opened(sent: bytes, told: str) -> None:
    with pytest.raises(TemplateRefused, match=re.escape(told)):
        open_template(io.BytesIO(sent))


def entry(name: str, response: str, *hashes: str) -> Entry:
    return Entry(name, response, hashes=hashes)


ENTRIES = [
    entry("a&b.exe", "ignore", f"sha256:{A}", "sha1:" + "e" * 39 + "1"),
    entry("b.exe", "ignore", f"sha256:{B}"),
    entry("k.exe", "terminate", f"sha256:{C}"),
    entry("old.exe", "ignore", "sha1:" + "f" * 39 + "1"),
]


@pytest.mark.parametrize("form", ["xml", "zip", "json"])
def test_the_same_container_comes_back_with_an_element_per_entry(form: str) -> None:
    sent = {
        "xml": GOOD,
        "zip": zipped({"main.xml": GOOD, "other.bin": b"\x01\x02"}),
        "json": json.dumps({"policy_xml": GOOD.decode()}).encode(),
    }[form]
    made = fill(open_template(io.BytesIO(sent)), ENTRIES)
    assert made.body == fill(open_template(io.BytesIO(sent)), ENTRIES).body
    assert (made.written, [why for _, why in made.left_out]) == (
        2, ["the template has no example of terminate", "it has no sha256, or no file name"],
    )  # fmt: skip
    body = made.body
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.namelist() == ["main.xml", "other.bin"]
            assert archive.read("other.bin") == b"\x01\x02"
            body = archive.read("main.xml")
    if form == "json":
        body = json.loads(body)["policy_xml"].encode()
    root = fromstring(body)
    items = root.findall("List/Item")
    assert [(i.get("Act"), i[0].get("Name"), i[0][0].text) for i in items] == [
        ("Ignore", "a&b.exe", A.upper()),
        ("Ignore", "b.exe", B.upper()),
    ]
    assert len({i.get("Id") for i in items}) == 2
    assert root.find("Keep") is not None


def test_without_a_process_exception_it_is_refused_with_the_reason() -> None:
    for bad in (
        XML.format("<Folder Name='C:\\x'/>"),
        XML.format(ONE.format(act="Whatever", sum="D" * 63 + "1")),
        XML.format(ONE.format(act="Ignore", sum="no hash")),
    ):
        template = open_template(io.BytesIO(bad.encode()))
        assert report(template).refused.startswith("No process exception was found")
        with pytest.raises(TemplateRefused, match="No process exception"):
            fill(template, ENTRIES)
    with pytest.raises(TemplateRefused, match="no example of terminate"):
        fill(open_template(io.BytesIO(GOOD)), ENTRIES[2:3])


@pytest.mark.django_db
def test_the_page_reports_and_gives_back_an_experimental_file() -> None:
    group = make_group("My Company\\Sales")
    policy = make_policy("Sales", group.path)
    give(make_seen("erp.exe", "a", (group,)), policy)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    client = Client()
    client.force_login(make_user("root", "administrator", group))
    address = f"/policies/{policy.pk}/template/"

    def send(body: bytes) -> Any:
        upload = io.BytesIO(body)
        upload.name = "mine.dat"
        return client.post(address, {"file": upload})

    assert "a document type or entities" in send(XXE).content.decode()
    assert "No process exception was found" in send(b"<SchemaContainer/>").content.decode()
    page = send(zipped({"main.xml": GOOD}))
    text = page.content.decode()
    for told in ("SchemaContainer", "main.xml", "Experimental.", "1 element would take"):
        assert told in text
    r = client.post(address, {"kept": page.context["word"], "make": "1"})
    assert r["Content-Disposition"].startswith('attachment; filename="EXPERIMENTAL-')
    assert A.upper().encode() in r.content
    assert "experimental" in client.get(f"/policies/{policy.pk}/").content.decode()
