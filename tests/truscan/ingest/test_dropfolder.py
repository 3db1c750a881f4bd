from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.make import NOW
from tests.truscan.ingest.lines import TIMES
from truscan.ingest.dropfolder import scan
from truscan.ingest.job import run_import
from truscan.ingest.raw import raw_line
from truscan.logs.record import LogRecord
from truscan.logs.write import write_line
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def line(n: int) -> str:
    record = LogRecord(
        line_no=0, layout="", event="Potential risk found", event_type="potential_risk",
        computer=f"PC-{n}", file_path="C:\\a\\tool.exe", file_name="tool.exe",
        application_name="Tool", hash="b" * 63 + "1", hash_type="sha256", occurrences=1,
        event_at=TIMES[0], inserted_at=TIMES[0], end_at=TIMES[0], domain="Default",
        group="My Company", server="sepm", user="bob", actual_action="Left alone",
        requested_action="Left alone", secondary_action="Left alone",
    )  # fmt: skip
    return write_line(record, "labelled-g2", prefix="2026-01-31 23:59:58,") + "\r\n"


def read_all(rows: list[LogImport]) -> list[LogImport]:
    for row in rows:
        run_import(row.pk, now=LATER)
        row.refresh_from_db()
    return rows


def test_a_growing_file_is_read_on_after_it_is_renamed(tmp_path: Path) -> None:
    growing = tmp_path / "agt_proactive.tmp"
    growing.write_text(line(1) + line(2) + line(3)[:40])
    (first,) = read_all(scan(tmp_path, NOW))
    assert (first.inserted, first.base_line_no, first.name) == (2, 0, "agt_proactive.tmp")
    assert scan(tmp_path, LATER) == []  # the last line waits for its end
    growing.write_text(line(1) + line(2) + line(3) + line(4))
    growing.rename(tmp_path / "agt_proactive.log")
    (second,) = read_all(scan(tmp_path, LATER))
    assert (second.inserted, second.base_line_no) == (2, 2)
    assert scan(tmp_path, LATER) == []
    assert Detection.objects.count() == 4


def test_a_new_file_of_an_old_name_is_read_from_its_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(line(1))
    read_all(scan(tmp_path, NOW))
    path.rename(tmp_path / "a.log.1")
    path.write_text(line(2))
    (row,) = read_all(scan(tmp_path, LATER))
    assert (row.inserted, row.base_line_no) == (1, 0)


def test_lines_of_a_segment_are_found_by_their_number_in_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tmp"
    path.write_text(line(1))
    read_all(scan(tmp_path, NOW))
    path.write_text(line(1) + line(2))
    (row,) = read_all(scan(tmp_path, LATER))
    found = Detection.objects.get(log_import=row)
    assert found.line_no == 2
    assert raw_line(row, 2) == line(2).rstrip("\r\n").encode()


def test_a_quiet_server_makes_no_receipt_every_tick(tmp_path: Path) -> None:
    path = tmp_path / "a.tmp"
    path.write_text(line(1))
    assert len(scan(tmp_path, NOW)) == 1
    path.write_text(line(1) + line(2))
    assert scan(tmp_path, NOW + timedelta(seconds=20)) == []
    assert len(scan(tmp_path, LATER)) == 1


def test_a_finished_file_without_a_last_line_end_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line(1) + line(2).rstrip())
    (row,) = read_all(scan(tmp_path, NOW.replace(year=2099)))
    assert row.inserted == 2


def test_a_subfolder_is_a_site_and_links_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text(line(9))
    folder = tmp_path / "drop"
    (folder / "Berlin").mkdir(parents=True)
    (folder / "Berlin" / "a.log").write_text(line(1))
    (folder / "b.log").symlink_to(outside)
    (row,) = scan(folder, LATER)
    assert row.site.name == "Berlin"
