from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

SMALL = ["--groups=8", "--computers=60", "--processes=50", "--days=10"]


def make_fleet(out: Path, *options: str) -> bytes:
    call_command(
        "make_fleet", "--rows=200", "--seed=4", f"--out={out}", *SMALL, *options, stdout=StringIO()
    )
    return out.read_bytes()


def test_it_writes_the_same_bytes_again(tmp_path: Path) -> None:
    first = make_fleet(tmp_path / "a.log", "--form=labelled-g2")
    assert first == make_fleet(tmp_path / "b.log", "--form=labelled-g2")
    assert first.count(b"\n") == 200


def test_a_console_export_has_a_header(tmp_path: Path) -> None:
    lines = make_fleet(tmp_path / "a.csv", "--form=console-csv", "--root=Global").splitlines()
    assert len(lines) == 201
    assert lines[0].startswith(b"Event,Computer,")
    assert b"Global\\" in lines[1]


def test_it_begins_on_the_day_asked_for(tmp_path: Path) -> None:
    text = make_fleet(tmp_path / "a.log", "--form=risk", "--start=2025-06-02")
    assert b"Event time: 2025-06-02 " in text
    assert b"Event time: 2025-06-01 " not in text


def test_it_says_why_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at least one day"):
        make_fleet(tmp_path / "a.log", "--form=risk", "--days=0")
    with pytest.raises(CommandError, match="No such file"):
        make_fleet(tmp_path / "missing" / "a.log", "--form=risk")
