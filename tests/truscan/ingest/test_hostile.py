"""Bad input: a clear error that names file, line and reason, and nothing half-imported."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from django.core.files.storage import default_storage

from tests.make import NOW, SYSTEM, make_site
from tests.truscan.ingest.lines import bring_in, console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest.job import accept_file, answer, run_import
from truscan.models.detection import Detection
from truscan.models.log_import import ColumnMapping, LogImport, RejectedLine

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.log", b"", "empty"),
        ("blank.log", b"\r\n\r\n \r\n", "empty"),
        ("picture.log", PNG, "PNG"),
        ("out.zip", zipped({"../../etc/passwd": b"x"}), "outside"),
        ("bomb.zip", zipped({"big.log": b"\0" * (40 << 20)}), "times its size"),
        ("cut.gz", gzip.compress(console_csv([record()]) * 50)[:60], "too early"),
        ("nested.zip", zipped({"inner.zip": zipped({"a.log": b"x"})}), "outer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # no bytes: they hold times
)
def test_a_file_that_is_no_log_is_refused_as_a_whole(name: str, data: bytes, reason: str) -> None:
    rows = accept_file(
        actor=SYSTEM, name=name, stream=io.BytesIO(data), site=make_site(), queue=False
    )
    for row in rows:
        if row.state == LogImport.State.QUEUED:
            run_import(row.pk, now=NOW)
    (row,) = LogImport.objects.all()
    assert row.state == LogImport.State.FAILED
    assert reason in row.error
    assert name in row.error
    assert not Detection.objects.exists()


def test_a_refused_file_is_not_kept() -> None:
    accept_file(actor=SYSTEM, name="p.log", stream=io.BytesIO(PNG), site=make_site(), queue=False)
    assert not default_storage.exists("logs")


def test_an_archive_that_breaks_in_the_middle_leaves_nothing() -> None:
    packed = gzip.compress(console_csv([record(n) for n in range(4000)]))
    row = bring_in(packed[:-2000], "a.csv.gz", chunk_rows=100)
    assert row.state == LogImport.State.FAILED
    assert "too early" in row.error
    assert (row.read, row.inserted) == (0, 0)
    assert not Detection.objects.exists()


def test_members_of_an_archive_have_a_receipt_each() -> None:
    data = zipped({"a.csv": console_csv([record(1)]), "b.csv": console_csv([record(2)])})
    rows = accept_file(
        actor=SYSTEM, name="x.zip", stream=io.BytesIO(data), site=make_site(), queue=False
    )
    for row in rows:
        run_import(row.pk, now=NOW)
    told = LogImport.objects.order_by("id").values_list("name", "inserted")
    assert list(told) == [("x.zip!a.csv", 1), ("x.zip!b.csv", 1)]


def test_an_unknown_header_is_asked_about_and_remembered() -> None:
    data = b"Wann;Was;Wo;Wer\r\n2026-01-31 23:59:58;tool.exe;PC-1;bob\r\n"
    row = bring_in(data, "a.csv")
    assert (row.state, row.question["kind"]) == (LogImport.State.QUESTION, "columns")
    assert row.question["columns"] == ["Wann", "Was", "Wo", "Wer"]
    assert row.question["sample"] == ["2026-01-31 23:59:58", "tool.exe", "PC-1", "bob"]
    mapping = {"Wann": "event_at", "Was": "application_name", "Wo": "computer", "Wer": "user"}
    answer(actor=SYSTEM, log_import=row, mapping=mapping, queue=False)
    run_import(row.pk, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.inserted) == ("done", 1)
    assert ColumnMapping.objects.count() == 1
    again = bring_in(data.replace(b"PC-1", b"PC-2"), "b.csv")
    assert (again.state, again.inserted) == ("done", 1)


def test_the_order_of_dates_is_asked_about_and_remembered() -> None:
    data = b"Event time,Application,Computer\r\n01/02/2026 10:00:00,tool.exe,PC-1\r\n"
    row = bring_in(data)
    assert (row.state, row.question["key"]) == (LogImport.State.QUESTION, "@date_order")
    answer(actor=SYSTEM, log_import=row, mapping={"@date_order": "dmy"}, queue=False)
    run_import(row.pk, now=NOW)
    assert Detection.objects.get().event_at.month == 2
    assert bring_in(data.replace(b"PC-1", b"PC-2"), "b.csv").inserted == 1


@pytest.mark.parametrize("year", [b"1970", b"2099"])
def test_times_out_of_all_reason_are_rejected(year: bytes) -> None:
    row = bring_in(console_csv([record()]).replace(b"2026-01-31 23", year + b"-01-31 23"))
    assert (row.rejected, row.inserted) == (1, 0)
    assert year.decode() in RejectedLine.objects.get().reason


def test_a_line_of_two_megabytes_is_rejected_with_its_beginning() -> None:
    row = bring_in(console_csv([record()]) + b"x" * (2 << 20) + b"\r\n")
    reject = RejectedLine.objects.get(log_import=row)
    assert (row.rejected, row.inserted, reject.line_no) == (1, 1, 3)
    assert len(reject.raw) <= 65_536


def test_control_characters_and_odd_bytes_are_stored_and_shown() -> None:
    odd = console_csv([record(computer="PC\x00\x07\x1b1", description="a\x00b\tc")])
    row = bring_in(odd.replace(b"Left alone", b"Left \xe9 alone"))
    assert row.read == row.inserted + row.ignored + row.rejected
    assert row.state == "done"


def test_values_longer_than_any_column_are_stored_cut() -> None:
    long = "x" * 5_000
    fields = ("computer", "user", "location", "server", "actual_action", "application_type",
              "permitted_reason", "company_name", "description")  # fmt: skip
    rows = [record(1, **{name: long}) for name in fields] + [
        record(group="\\".join(["g" * 200] * 9))
    ]
    row = bring_in(console_csv(rows))
    assert row.state == "done", row.error
    assert row.rejected == 0
