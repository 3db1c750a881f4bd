"""Values that somebody wrote to break the import: they are stored, cut or rejected, never fatal."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from tests.truscan.ingest.lines import bring_in, console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest.errors import BadReading
from truscan.logs.record import LogRecord
from truscan.models.detection import Detection
from truscan.models.estate import Group
from truscan.models.log_import import LogImport
from truscan.models.process import Process

pytestmark = pytest.mark.django_db

TEXTS = [
    f.name
    for f in fields(LogRecord)
    if f.type == "str | None" and f.name not in ("event", "event_type", "layout", "hash_type")
]
ODD = "\x01\x07\x08\x1b\x7f\x85\u2028\u2029\u202e\u200f\ufeff\ufffe\U0010ffff\ud7ff"
# Compression lets a long run of one letter into an index that this does not fit.
RANDOM = random.Random(7)  # noqa: S311 - a test's noise
NOISE = "".join(chr(RANDOM.randrange(0x10000, 0x1FFFF)) for _ in range(5_000))


def adds_up(row: LogImport) -> bool:
    parts = row.inserted + row.updated + row.duplicate + row.ignored + row.rejected
    return row.read == parts


@pytest.mark.parametrize("name", TEXTS)
def test_control_and_direction_marks_in_any_field(name: str) -> None:
    row = bring_in(console_csv([record(1), record(2, **{name: f"a{ODD}b"})]))
    assert (row.state, adds_up(row)) == ("done", True), row.error
    assert row.inserted + row.rejected == 2


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_no_compression_shortens_in_any_field(name: str) -> None:
    row = bring_in(console_csv([record(1), record(2, **{name: NOISE})]))
    assert (row.state, adds_up(row)) == ("done", True), row.error
    assert row.inserted + row.rejected == 2


def test_a_nul_in_any_field_of_a_line_rejects_that_line_alone() -> None:
    rows = [record(n, **{name: "a\0b"}) for n, name in enumerate(TEXTS)]
    data = console_csv([record(99), *rows])
    row = bring_in(data)
    assert (row.state, adds_up(row)) == ("done", True), row.error
    assert row.rejected == sum(b"a\0b" in line for line in data.splitlines())
    assert row.rejected > len(TEXTS) // 2


def test_a_group_of_thousands_of_levels_does_not_make_thousands_of_groups() -> None:
    row = bring_in(console_csv([record(group="\\".join(f"{n}" for n in range(1_200)))]))
    assert (row.state, adds_up(row)) == ("done", True), row.error
    assert Group.objects.count() <= 320


@pytest.mark.parametrize(
    "filler", ["0" * 64, "f" * 64, "F" * 40, "0" * 63 + "1", "0" * 32, "g" * 64, "'; --", "127"]
)
def test_a_filler_is_no_identity(filler: str) -> None:
    names = ["one.exe", "two.exe"]
    rows = [record(hash=filler, file_path=f"C:\\a\\{name}", file_name=name) for name in names]
    bring_in(console_csv(rows))
    assert Process.objects.filter(hash="").count() == 2


def test_direction_marks_do_not_make_one_program_of_two() -> None:
    names = ["C:\\a\\exe.tool", "C:\\a\\\u202eloot.exe"]
    bring_in(console_csv([record(n, hash=None, file_path=p, file_name=p[5:], application_name=p[5:])
                          for n, p in enumerate(names)]))  # fmt: skip
    assert Process.objects.count() == 2


def test_a_row_of_every_month_since_2000() -> None:
    months = [datetime(y, m, 1, tzinfo=UTC) for y in range(2000, 2026) for m in range(1, 13)]
    rows = [record(n, event_at=at) for n, at in enumerate(months)]
    row = bring_in(console_csv(rows), chunk_rows=1_000)
    assert (row.state, row.inserted) == ("done", len(months)), row.error
    assert Detection.objects.count() == len(months)


@pytest.mark.parametrize("count", ["-5", "99999999999999999999", "1e9", "٣", "2147483648", " 7"])
def test_occurrences_that_are_no_count(count: str) -> None:
    data = console_csv([record(1, occurrences=31337)]).replace(b"31337", count.encode())
    row = bring_in(data)
    assert (row.state, adds_up(row)) == ("done", True), row.error
    assert row.inserted + row.rejected == 1


def test_a_file_name_of_any_bytes() -> None:
    row = bring_in(console_csv([record()]), "a\0\udcff\u202e.csv" + "x" * 300)
    assert (row.state, row.inserted) == ("done", 1), row.error


def test_an_unknown_header_with_odd_characters_is_asked_about() -> None:
    row = bring_in(f"Wann{ODD};Was\x01;Wo\r\n2026-01-31 23:59:58;tool.exe;PC-1\r\n".encode())
    assert row.state in ("question", "failed")
    assert row.error


@pytest.mark.parametrize("column", ["\0", "\ud800"])
def test_a_mapping_that_cannot_be_stored_is_refused(column: str) -> None:
    with pytest.raises(BadReading):
        bring_in(console_csv([record()]), mapping={column: "user"})
