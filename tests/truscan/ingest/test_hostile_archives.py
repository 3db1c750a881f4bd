"""Archives that somebody made to fill the disk, to hide a log or to stop the workers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import warnings
import zipfile

import pytest
from django.core.files.storage import default_storage

from tests.make import NOW, SYSTEM, make_site
from tests.truscan.ingest.lines import console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest.job import accept_file, run_import
from truscan.ingest.raw import raw_line
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore", UserWarning)  # of a name that comes twice
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def hand_in(data: bytes, name: str = "x.zip") -> list[LogImport]:
    rows = accept_file(
        actor=SYSTEM, name=name, stream=io.BytesIO(data), site=make_site(), queue=False
    )
    for row in rows:
        if row.state == LogImport.State.QUEUED:
            run_import(row.pk, now=NOW)
        row.refresh_from_db()
    return rows


def refused(data: bytes, name: str = "x.zip") -> str:
    (row,) = hand_in(data, name)
    assert row.state == LogImport.State.FAILED
    assert not Detection.objects.exists()
    assert not default_storage.exists("logs")
    assert name in row.error
    return row.error


def claiming(data: bytes, size: int) -> bytes:
    """A zip file whose one member says that it unpacks to `size` bytes."""
    at = data.rindex(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


def test_a_claim_of_almost_4_gb_from_nothing() -> None:
    assert "times its size" in refused(claiming(zipped([("a.log", b"x" * 99)]), 0xFFFF_FFF0))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_in_every_packing(pack: object) -> None:
    data = pack(console_csv([record()]) + (b" " * 1023 + b"\n") * (20 << 10))  # type: ignore[operator]
    (row,) = hand_in(data, "bomb.log.z")
    assert row.state == LogImport.State.FAILED
    assert "times its size" in row.error
    assert (row.read, row.rejects.count()) == (0, 0)


def test_many_members_that_are_dense_only_together() -> None:
    bomb = zipped([(f"{n}.log", b"x" * (15 << 20)) for n in range(4)])
    assert "times its size" in refused(bomb)


@pytest.mark.parametrize(
    "name", ["../a.log", "a/../../b.log", "/etc/passwd", "C:\\a.log", "..\\a.log", "\\\\host\\a"]
)
def test_a_member_outside_its_folder(name: str) -> None:
    assert "outside" in refused(zipped([("ok.csv", console_csv([record()])), (name, b"x")]))


def test_a_name_that_comes_twice_is_refused_since_one_would_hide_the_other() -> None:
    first, second = console_csv([record(1)]), console_csv([record(2)])
    assert "twice" in refused(zipped([("a.csv", first), ("a.csv", second)]))


def test_a_name_too_long_to_be_kept() -> None:
    assert "long" in refused(zipped([("a" * 3_000 + ".csv", console_csv([record()]))]))


def test_an_archive_in_an_archive() -> None:
    inner = gzip.compress(console_csv([record()]))
    assert "outer" in refused(gzip.compress(inner), "a.gz")
    assert "outer" in refused(zipped([("a.gz", inner)]))


def test_the_raw_line_is_that_of_the_member_and_of_no_neighbour() -> None:
    names = ["x!a.csv", "a.csv", "sub/a.csv"]
    rows = hand_in(zipped([(name, console_csv([record(n)])) for n, name in enumerate(names)]))
    for n, row in enumerate(rows):
        raw = raw_line(row, Detection.objects.get(log_import=row).line_no)
        assert raw is not None
        assert f"PC-{n}".encode() in raw


def test_a_damaged_member_costs_no_row_of_the_others() -> None:
    good = console_csv([record(n) for n in range(50)])
    data = bytearray(zipped([("good.csv", good), ("bad.csv", good.replace(b"PC-", b"XX-"))]))
    at = data.rindex(b"PK\x01\x02") - 60
    data[at : at + 20] = b"\xff" * 20
    rows = hand_in(bytes(data))
    assert rows[0].state in ("done", "failed")
    assert rows[-1].state == "failed"
    assert "zip" in rows[-1].error


def test_a_file_that_is_gone_from_storage_ends_with_that_reason() -> None:
    (row,) = accept_file(
        actor=SYSTEM, name="a.csv", stream=io.BytesIO(console_csv([record()])),
        site=make_site(), queue=False,
    )  # fmt: skip
    default_storage.delete(row.file.stored_as)
    run_import(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.state == LogImport.State.FAILED
    assert "hand it in again" in row.error
