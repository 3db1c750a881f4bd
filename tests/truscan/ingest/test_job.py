from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.make import NOW, SYSTEM, make_site
from tests.truscan.ingest.lines import PROGRAMS, TIMES, bring_in, console_csv, take
from truscan import audit
from truscan.ingest import lease
from truscan.ingest.errors import BadReading
from truscan.ingest.job import accept_file, resume_due, run_import
from truscan.ingest.raw import raw_line
from truscan.logs.record import LogRecord
from truscan.models.audit import AuditEvent
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.detection import Detection
from truscan.models.estate import Computer, Group
from truscan.models.log_import import ImportGroup, LogImport, RejectedLine

pytestmark = pytest.mark.django_db


def record(n: int = 1, **fields: object) -> LogRecord:
    given: dict[str, object] = {
        "line_no": 0, "layout": "", "event": "Potential risk found",
        "event_type": "potential_risk", "computer": f"PC-{n}", "domain": "Default",
        "group": "My Company\\A", "event_at": TIMES[0], "actual_action": "Left alone",
        **PROGRAMS[0], **fields,
    }  # fmt: skip
    return LogRecord(**given)  # type: ignore[arg-type]


def test_it_works() -> None:
    row = bring_in(console_csv([record(1), record(2, sensitivity="30"), record(2)]))
    assert (row.state, row.read, row.inserted, row.updated, row.duplicate, row.ignored) == (
        "done", 4, 2, 1, 0, 1,
    )  # fmt: skip
    summary = ProcessSummary.objects.get()
    assert (summary.computers, summary.groups, summary.rows) == (2, 1, 2)
    assert summary.sort_name == "tool.exe"
    assert ImportGroup.objects.get().group.path == "My Company\\A"


def test_groups_get_all_their_ancestors() -> None:
    bring_in(console_csv([record(group="My Company\\Europe\\Berlin")]))
    berlin = Group.objects.get(path_key="my company\\europe\\berlin")
    assert berlin.parent
    assert berlin.parent.parent
    assert (berlin.name, berlin.parent.parent.path) == ("Berlin", "My Company")
    assert berlin.parent.parent.parent is None


def test_the_search_knows_name_path_company_and_hash() -> None:
    bring_in(console_csv([record(1, **{**PROGRAMS[2], "hash": "c" * 63 + "1"})]))
    with connection.cursor() as cursor:
        for word in ("keys", "contoso", "c" * 63 + "1", "programfiles"):
            cursor.execute(
                "SELECT count(*) FROM truscan_process "
                "WHERE search @@ plainto_tsquery('simple', %s)",
                [word],
            )
            assert cursor.fetchone() == (1,), word


def test_the_same_file_twice_is_all_duplicates() -> None:
    data = console_csv([record(n) for n in range(7)])
    first, second = bring_in(data), bring_in(data)
    assert (first.inserted, second.inserted, second.duplicate) == (7, 0, 7)
    assert first.file_id == second.file_id
    assert Sighting.objects.get().rows == 7


def test_larger_occurrences_update_and_smaller_ones_do_not() -> None:
    bring_in(console_csv([record(occurrences=5)]))
    grown = bring_in(console_csv([record(occurrences=9)]), "b.csv")
    smaller = bring_in(console_csv([record(occurrences=2)]), "c.csv")
    assert (grown.updated, smaller.duplicate) == (1, 1)
    assert Detection.objects.get().occurrences == 9
    assert Sighting.objects.get().occurrences == 9


def test_a_renamed_group_moves_the_detection_and_its_counts() -> None:
    bring_in(console_csv([record()]))
    row = bring_in(console_csv([record(group="My Company\\B")]), "b.csv")
    assert row.updated == 1
    sighting = Sighting.objects.get()
    assert (sighting.group.path, sighting.rows) == ("My Company\\B", 1)
    assert Computer.objects.get().group == sighting.group


def test_the_newest_line_moves_a_computer_whatever_the_order_of_imports() -> None:
    bring_in(console_csv([record(event_at=TIMES[3], group="My Company\\B")]))
    bring_in(console_csv([record(event_at=TIMES[0], group="My Company\\A")]), "b.csv")
    computer = Computer.objects.select_related("group").get()
    assert computer.group
    assert computer.group.path == "My Company\\B"
    assert computer.last_heard_at == TIMES[3]


def test_ignored_lines_tell_that_a_computer_was_heard() -> None:
    virus = (
        "Virus found,Computer name: PC-1,Source: Scheduled Scan,Risk name: Eicar,Occurrences: 1,"
        "C:\\eicar.com,'',Actual action: Cleaned,Requested action: Cleaned,Secondary action: "
        "Cleaned,Event time: 2026-02-14 12:00:00,Inserted: 2026-02-14 12:00:00,End: 2026-02-14 "
        "12:00:00,Domain: Default,Group: My Company\\A,Server: sepm,User: bob,Source computer: ,"
        "Source IP: "
    )
    bring_in(console_csv([record()]))
    row = bring_in(virus.encode() + b"\n", "b.log")
    assert (row.ignored, row.read) == (1, 1)
    assert Computer.objects.get().last_heard_at == TIMES[3]


def test_the_raw_line_of_a_detection_is_found() -> None:
    data = console_csv([record(n) for n in range(3)])
    row = bring_in(data)
    shown = Detection.objects.filter(log_import=row).order_by("line_no").last()
    assert shown is not None
    assert raw_line(row, shown.line_no) == data.split(b"\r\n")[3]


def test_one_ledger_row_for_an_accepted_file() -> None:
    row = take(console_csv([record()]))
    event = AuditEvent.objects.get(code="import.accepted")
    assert event.after is not None
    assert (event.object_id, event.after["imports"]) == (str(row.pk), [row.pk])
    assert audit.verify()[2] == []


def test_it_rejects_a_zone_that_does_not_exist() -> None:
    with pytest.raises(BadReading, match="Mars/Olympus"):
        take(b"x", timezone="Mars/Olympus")
    assert not LogImport.objects.exists()


def test_a_lease_is_held_by_one_and_taken_over_when_it_is_old() -> None:
    row = take(console_csv([record()]))
    assert lease.claim(row.pk, NOW) is not None
    assert lease.claim(row.pk, NOW) is None
    assert run_import(row.pk, now=NOW) is None
    assert run_import(row.pk, now=NOW + timedelta(seconds=61)) is not None


def test_the_tick_reads_on_what_was_left(
    settings: object, django_capture_on_commit_callbacks: object
) -> None:
    settings.HAS_BROKER = False  # type: ignore[attr-defined]
    row = take(console_csv([record()]))
    lease.claim(row.pk, NOW)
    assert resume_due(NOW + timedelta(seconds=30)) == 0
    assert resume_due(NOW + timedelta(seconds=61)) == 1
    row.refresh_from_db()
    assert row.state == "done"


def test_without_a_broker_a_file_is_read_on_commit(
    settings: object, django_capture_on_commit_callbacks: object
) -> None:
    settings.HAS_BROKER = False  # type: ignore[attr-defined]
    import io

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        (row,) = accept_file(
            actor=SYSTEM,
            name="a.csv",
            stream=io.BytesIO(console_csv([record()])),
            site=make_site(),
        )
    row.refresh_from_db()
    assert (row.state, row.inserted) == ("done", 1)


def test_a_worker_whose_lease_was_taken_stores_nothing() -> None:
    row = take(console_csv([record(n) for n in range(9)]))

    def taken(_: LogImport) -> None:
        LogImport.objects.filter(pk=row.pk).update(lease_owner=None)

    assert run_import(row.pk, now=NOW, chunk_rows=3, progress=taken) is None
    row.refresh_from_db()
    assert row.read == row.inserted + row.ignored
    assert Detection.objects.count() == row.inserted < 9


def test_statements_do_not_grow_with_the_rows() -> None:
    bring_in(console_csv([record(0)]), "warm.csv")  # partitions, temporary tables
    few = _statements([*map(record, range(1, 9)), record(0, occurrences=2)], "few.csv")
    new = [record(n) for n in range(10, 600)]
    many = _statements([*new, record(0, occurrences=3)], "many.csv")
    assert many == few
    assert many < 80


def _statements(rows: list[LogRecord], name: str) -> int:
    row = take(console_csv(rows), name)
    with CaptureQueriesContext(connection) as queries:
        run_import(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.read == len(rows) + 1
    return len(queries)


def test_the_database_refuses_a_receipt_that_does_not_add_up() -> None:
    from django.db import IntegrityError

    row = bring_in(console_csv([record()]))
    with pytest.raises(IntegrityError), transaction.atomic():
        LogImport.objects.filter(pk=row.pk).update(inserted=5)


def test_rejected_lines_are_kept_with_their_bytes() -> None:
    data = console_csv([record(1), record(2)]).replace(
        b"2026-01-31 23:59:58", b"1970-01-01 00:00:00", 1
    )
    row = bring_in(data)
    reject = RejectedLine.objects.get(log_import=row)
    assert (row.read, row.inserted, row.rejected) == (3, 1, 1)
    assert reject.line_no == 2
    assert b"1970-01-01" in bytes(reject.raw)
