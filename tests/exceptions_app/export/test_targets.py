from __future__ import annotations

import io
import zipfile

import pytest

from exceptions_app.export.targets import TARGETS, as_zip, download
from tests.exceptions_app.export.revisions import policy_package, rule, sales_and_laptops, sha256

PACKAGE = policy_package(rule("a.exe", "terminate", sha256("a")))


def test_a_target_of_one_file_is_that_file() -> None:
    made = download(PACKAGE, "bundle")
    assert (made.name, made.content_type) == ("Sales-bundle.json", "application/json")
    assert made.body.startswith(b"{")
    assert len(made.sha256) == 64


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "bundle"])
def test_a_target_of_several_files_is_a_zip(target: str) -> None:
    made = download(PACKAGE, target)
    assert made.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(made.body)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) > 1


def test_one_of_several_files() -> None:
    made = download(PACKAGE, "worksheet", "worksheet.html")
    assert made.content_type == "text/html; charset=utf-8"
    with pytest.raises(KeyError):
        download(PACKAGE, "worksheet", "other.html")


def test_it_rejects_a_target_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        download(PACKAGE, "dat")


def test_names_are_those_of_the_group() -> None:
    name = download(sales_and_laptops(), "bundle").name
    assert name.startswith("My-Company-Sales-")
    assert name.endswith("-bundle.json")


def test_a_zip_keeps_folders() -> None:
    with zipfile.ZipFile(io.BytesIO(as_zip({"b/c.txt": b"1", "a.txt": b"2"}))) as archive:
        assert archive.namelist() == ["a.txt", "b/c.txt"]
        assert archive.read("b/c.txt") == b"1"
