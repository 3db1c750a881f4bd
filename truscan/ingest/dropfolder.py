"""The watched folder into which a management server dumps its logs.

SEPM appends to a `.tmp` file and renames it to `.log` when it is full. A file is known by device,
inode and its first bytes, so that the rename doubles nothing. What is new of it becomes a segment:
a stored file and an import of its own with the line number it begins at. Files right in the folder
belong to the default site, those in a subfolder to the site of the subfolder's name.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from truscan import audit
from truscan.access.actor import Actor
from truscan.access.sites import site_named
from truscan.ingest.file_store import Incoming, keep
from truscan.ingest.job import author_of, enqueue
from truscan.logs.source import Limits, Source, split_lines
from truscan.models.log_import import LogImport, WatchedFile

log = logging.getLogger(__name__)

HEAD = 1024
# A segment of this size is taken at once; a smaller one of a growing file waits this long, so that
# a quiet server does not make a receipt for every tick.
SEGMENT = 32 << 20
ENOUGH = 1 << 20
PATIENCE = timedelta(minutes=2)
# A finished file without a line end at its end is taken whole after this long.
SETTLED = timedelta(seconds=60)


def tick(now: datetime) -> int:
    """The tick's part; nothing without the setting `DROP_FOLDER`."""
    folder = settings.DROP_FOLDER
    return len(scan(Path(folder), now)) if folder and Path(folder).is_dir() else 0


def scan(folder: Path, now: datetime) -> list[LogImport]:
    """Queue what is new in a folder's `.log` and `.tmp` files; the receipts that were made.

    Safe to call at any time and by two at once: offsets move in the transaction of the receipt.
    Links and special files are passed over; a file that fails is named in the service's log and
    keeps no other one out.
    """
    made = []
    for path, site in _files(folder):
        try:
            with _open(path) as file:
                while row := _take(file, path, site, now):
                    made.append(row)
        except FileNotFoundError:
            # Renamed or removed meanwhile: the next scan finds it under its new name.
            continue
        except OSError as error:
            log.warning("drop folder: cannot read %s: %s", shown(str(path)), error.strerror)
        except Exception:
            log.exception("drop folder: cannot take in %s", shown(str(path)))
    return made


def shown(name: str) -> str:
    """A file name as text that can be stored and shown, whatever bytes it has on disk."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from ((inner, path.name) for inner in _listed(path) if _is_log(inner))
        elif _is_log(path):
            yield path, ""


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        log.warning("drop folder: cannot list %s: %s", shown(str(folder)), error.strerror)
        return []


def _is_log(path: Path) -> bool:
    return path.suffix.lower() in {".log", ".tmp"} and path.is_file() and not path.is_symlink()


def _open(path: Path) -> BinaryIO:
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is no regular file")
    return file


@transaction.atomic
def _take(file: BinaryIO, path: Path, site_name: str, now: datetime) -> LogImport | None:
    """The next segment of a file, if there is enough of it."""
    facts = os.fstat(file.fileno())
    if not facts.st_size:
        return None
    watched = _watched(file, facts, path, now)
    if facts.st_size < watched.offset:
        # Cut and written anew: lines that are read again are duplicates.
        watched.offset = watched.line_no = 0
    file.seek(watched.offset)
    data = file.read(SEGMENT)
    changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
    is_finished = path.suffix.lower() == ".log" and changed_at <= now - SETTLED
    is_last = watched.offset + len(data) >= facts.st_size
    end = _last_end(data)
    # A line longer than a segment goes in pieces: it is rejected, and the file goes on.
    is_whole = (is_finished and is_last) or not (end or is_last)
    whole = data if is_whole else data[:end]
    is_growing = path.suffix.lower() == ".tmp" and is_last
    too_little = len(whole) < ENOUGH and now - watched.seen_at < PATIENCE and watched.offset > 0
    if not whole.strip(b"\0\r\n\t ") or (is_growing and too_little):
        return None
    row = _segment(watched, whole, path, site_name)
    _go_on(watched, file, whole, now)
    return row


def _watched(file: BinaryIO, facts: os.stat_result, path: Path, now: datetime) -> WatchedFile:
    """The row of a file, locked; a new one if its first bytes are not those it had."""
    same = WatchedFile.objects.select_for_update().filter(device=facts.st_dev, inode=facts.st_ino)
    for known in same.order_by("-head_size", "-id"):
        if _head(file, known.head_size) == known.head_sha256:
            known.path = shown(str(path))
            return known
    found, _ = WatchedFile.objects.get_or_create(
        device=facts.st_dev,
        inode=facts.st_ino,
        head_sha256=_head(file, 0),
        defaults={"path": shown(str(path)), "head_size": 0, "seen_at": now},
    )
    return found


def _head(file: BinaryIO, size: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(size)).hexdigest()


def _go_on(watched: WatchedFile, file: BinaryIO, data: bytes, now: datetime) -> None:
    """Move behind a segment. The head is what was read: what follows may still be padding."""
    encoding = Source(watched.path, io.BytesIO(data), Limits()).encoding
    watched.offset += len(data)
    watched.line_no += len(split_lines(data, encoding))
    watched.head_size = min(HEAD, watched.offset)
    watched.head_sha256 = _head(file, watched.head_size)
    watched.seen_at = now
    watched.save()


def _last_end(data: bytes) -> int:
    """Where the last complete line ends; 0 if none does. Of UTF-16 an even number of bytes."""
    at = data.rfind(b"\n") + 1
    if at and data[at : at + 1] == b"\0" and at % 2:
        at += 1
    return at


def _segment(watched: WatchedFile, data: bytes, path: Path, site_name: str) -> LogImport:
    actor = Actor.by_schedule()
    site = site_named(actor=actor, name=shown(site_name)[:255])
    name = shown(path.name)
    with Incoming(io.BytesIO(data)) as incoming:
        row = LogImport.objects.create(
            site=site,
            file=keep(incoming, name),
            name=name,
            sha256=incoming.sha256,
            byte_start=watched.offset,
            byte_end=watched.offset + len(data),
            base_line_no=watched.line_no,
            bytes_total=len(data),
            timezone=site.timezone,
            encoding=site.encoding,
            **author_of(actor),
        )
    after = {"file": row.name, "sha256": row.sha256, "bytes": [row.byte_start, row.byte_end]}
    audit.record("import.accepted", actor=actor, obj=row, after=after)
    enqueue([row])
    return row
