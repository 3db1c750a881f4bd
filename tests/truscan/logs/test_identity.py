from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.truscan.logs.reading import line_of, records
from truscan.logs.identity import detection_key, process_identity
from truscan.logs.record import LogRecord

BASE = replace(
    records(line_of(Application_hash="3f0a6e1bb1c04ff0a9e5a1e77d0c1b2a3d4e5f60"))[0],
    file_path=r"C:\Users\bob\a.exe",
    file_name="a.exe",
)


def test_the_key_is_a_signed_64_bit_number_that_never_changes() -> None:
    assert detection_key(BASE) == detection_key(replace(BASE))
    assert -(2**63) <= detection_key(BASE) < 2**63
    assert detection_key(LogRecord(1, "risk")) == detection_key(LogRecord(2, "console-csv"))


@pytest.mark.parametrize(
    "change",
    [
        {"computer": "PC1"},
        {"event": "potential RISK found - Left alone"},
        {"file_path": r"c:\documents and settings\EVE\A.exe"},
        {"group": "My Company\\Other"},
        {"occurrences": 7},
        {"actual_action": "Quarantined"},
        {"sensitivity": "90"},
    ],
)
def test_what_may_change_is_not_in_the_key(change: dict[str, Any]) -> None:
    assert detection_key(replace(BASE, **change)) == detection_key(BASE)


@pytest.mark.parametrize(
    "change",
    [
        {"computer": "pc2"},
        {"event": "Security risk found"},
        {"hash": "4" * 39 + "2"},
        {"user": "eve"},
        {"domain": "Other"},
        {"file_path": r"D:\tools\a.exe"},
    ],
)
def test_an_unchanging_fact_is_in_the_key(change: dict[str, Any]) -> None:
    assert detection_key(replace(BASE, **change)) != detection_key(BASE)


def test_a_process_is_its_hash_wherever_it_lies() -> None:
    assert process_identity(replace(BASE, file_path="x", file_name="y")) == process_identity(BASE)


def test_a_process_without_a_hash_is_its_name_and_generic_path() -> None:
    bare = replace(BASE, hash=None)
    moved = replace(bare, file_path=r"c:\users\eve\A.EXE", file_name="A.EXE")
    assert process_identity(moved) == process_identity(bare)
    assert process_identity(replace(bare, file_path=r"C:\a.exe")) != process_identity(bare)
    assert process_identity(bare) != process_identity(BASE)
