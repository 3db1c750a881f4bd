"""A drop folder in which somebody else writes: no file costs another one, no line is lost."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.make import NOW
from tests.truscan.ingest.test_dropfolder import LATER, line, read_all
from truscan.ingest import dropfolder
from truscan.ingest.dropfolder import scan
from truscan.ingest.job import run_import
from truscan.ingest.raw import raw_line
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport, WatchedFile

pytestmark = pytest.mark.django_db
MUCH_LATER = NOW.replace(year=2099)


def test_a_name_that_is_no_utf_8_does_not_keep_the_others_out(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff\xfe.log")).write_text(line(1))
    (tmp_path / "b\n\x1b[2J\u202e.log").write_text(line(2))
    (tmp_path / os.fsdecode(b"Site\xff")).mkdir()
    (tmp_path / os.fsdecode(b"Site\xff") / "c.log").write_text(line(3))
    (tmp_path / "z.log").write_text(line(4))
    assert len(read_all(scan(tmp_path, LATER))) == 4
    assert Detection.objects.count() == 4


def test_a_folder_that_cannot_be_listed_does_not_keep_the_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "z.log").write_text(line(1))
    list_it = Path.iterdir

    def gone(path: Path) -> object:
        if path.name == "A":
            raise PermissionError(13, "Permission denied", str(path))
        return list_it(path)

    monkeypatch.setattr(Path, "iterdir", gone)
    assert len(scan(tmp_path, LATER)) == 1


def test_a_file_that_cannot_be_opened_is_named_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.log").write_text(line(1))
    (tmp_path / "b.log").write_text(line(2))
    opened = dropfolder._open

    def locked(path: Path) -> object:
        if path.name == "a.log":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(dropfolder, "_open", locked)
    assert len(scan(tmp_path, LATER)) == 1
    assert "a.log" in caplog.text
    assert "Permission denied" in caplog.text


def test_a_fifo_does_not_stop_the_scan(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    (tmp_path / "b.log").write_text(line(1))
    assert len(scan(tmp_path, LATER)) == 1


def test_a_file_first_seen_with_a_few_bytes_is_not_taken_for_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "a.tmp"
    path.write_text(line(1)[:12])
    assert scan(tmp_path, NOW) == []
    path.write_text(line(1) + line(2))
    read_all(scan(tmp_path, LATER))
    # The same inode, longer than what was read, and it begins with the same twelve bytes.
    path.write_text(line(5) + line(6) + line(7))
    rows = read_all(scan(tmp_path, LATER + timedelta(minutes=5)))
    assert sum(row.inserted for row in rows) == 3
    assert Detection.objects.count() == 5


def test_a_file_cut_and_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(line(1) + line(2))
    read_all(scan(tmp_path, NOW))
    path.write_text(line(3))
    (row,) = read_all(scan(tmp_path, LATER))
    assert (row.inserted, row.base_line_no) == (1, 0)


def test_a_line_longer_than_a_segment_does_not_stop_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropfolder, "SEGMENT", 4096)
    (tmp_path / "a.tmp").write_text("x" * 10_000 + "\r\n" + line(1) + line(2))
    now = NOW
    for _ in range(6):
        read_all(scan(tmp_path, now))
        now += timedelta(minutes=5)
    assert Detection.objects.count() == 2


def test_padding_of_a_growing_file_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tmp"
    path.write_bytes(line(1).encode() + b"\0" * 5000)
    (row,) = read_all(scan(tmp_path, NOW))
    assert (row.read, row.inserted) == (1, 1)
    path.write_bytes(line(1).encode() + line(2).encode() + b"\0" * 4000)
    (row,) = read_all(scan(tmp_path, LATER))
    assert (row.read, row.inserted, row.base_line_no) == (1, 1, 1)
    found = Detection.objects.get(log_import=row)
    assert raw_line(row, found.line_no) == line(2).rstrip("\r\n").encode()


def test_a_utf_16_file_read_in_segments_keeps_its_line_numbers(tmp_path: Path) -> None:
    for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        path = tmp_path / f"{encoding}.tmp"
        path.write_bytes(mark + (line(1) + line(2)).encode(encoding))
        read_all(scan(tmp_path, NOW))
        text = line(1) + line(2) + line(3)
        path.write_bytes(mark + text.encode(encoding))
        (row,) = read_all(scan(tmp_path, LATER))
        assert (row.read, row.base_line_no, row.rejected) == (1, 2, 0)


def test_hundreds_of_files_in_one_scan_and_none_of_them_twice(tmp_path: Path) -> None:
    for n in range(200):
        (tmp_path / f"{n:04}.log").write_text(line(n))
    rows = scan(tmp_path, MUCH_LATER)
    assert len(rows) == 200
    assert scan(tmp_path, MUCH_LATER) == []
    assert WatchedFile.objects.count() == 200
    for row in rows[:20]:
        run_import(row.pk, now=LATER)
    assert Detection.objects.count() == 20


def test_a_picture_in_the_folder_has_a_receipt_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (row,) = read_all(scan(tmp_path, MUCH_LATER))
    assert row.state == LogImport.State.FAILED
    assert "a.log: The file is a PNG image" in row.error
    assert scan(tmp_path, MUCH_LATER) == []
