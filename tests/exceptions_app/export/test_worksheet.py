from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

from hypothesis import given

from exceptions_app.export.content import Package
from exceptions_app.export.worksheet import HEADER, files, warnings
from tests.exceptions_app.export.any_rules import PACKAGES
from tests.exceptions_app.export.revisions import (
    policy_package,
    rule,
    sales_and_laptops,
    sha1,
    sha256,
)

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "section", "h1", "h2", "p", "ul", "ol"),
    *("li", "table", "thead", "tbody", "tr", "th", "td", "bdi"),
}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def table(package: Package) -> list[dict[str, str]]:
    text = files(package)["worksheet.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_it_works() -> None:
    (row,) = table(policy_package(rule("erp.exe", "ignore", sha256("a"), sha1("a"))))
    assert row["Policy"] == "Sales"
    assert row["Group"] == "My Company\\Sales"
    assert row["SHA-1"] == "a" * 39 + "1"
    assert row["Other hashes"] == sha256("a")
    assert row["Response"] == "Ignore"
    assert "Add Process to Centralized Exceptions Policy" in row["Steps"]


def test_the_sheet_begins_with_a_byte_order_mark() -> None:
    assert files(policy_package())["worksheet.csv"].startswith(b"\xef\xbb\xbf")


def test_a_name_without_hash_is_a_forced_detection() -> None:
    rows = {row["Process"]: row["Kind"] for row in table(sales_and_laptops())}
    assert rows["byname.exe"] == "forced detection, unverified"
    assert rows["erpclient.exe"] == "exception from the log"


@given(PACKAGES)
def test_no_cell_is_a_formula_and_no_line_breaks(package: Package) -> None:
    text = files(package)["worksheet.csv"].decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(text.removesuffix("\r\n").split("\r\n"))
    assert all(len(row) == len(HEADER) for row in rows)
    for cell in (cell for row in rows for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not set(cell) & set("\t\r\n\0\u2028\u202e")


@given(PACKAGES)
def test_names_are_text_in_the_page(package: Package) -> None:
    page = files(package)["worksheet.html"].decode()
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.seen <= ALLOWED
    assert not set(page) & set("\0\x1b\u202e")


def test_a_page_per_policy() -> None:
    page = files(sales_and_laptops())["worksheet.html"].decode()
    assert page.count("<section>") == 3  # two policies and the warnings
    assert "break-before: page" in page
    assert page.count("☐") == 4 * 5 + 4


def test_files_without_sha1_are_warned_of() -> None:
    found = warnings(policy_package(rule("a.exe", "ignore", sha256("a"))))
    assert [one.code for one in found] == ["no_sha1"]
