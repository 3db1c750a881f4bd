"""Accept log files and read them into the tables: exactly once, whatever happens in between."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone as clock

from truscan import audit
from truscan.ingest import lease, receipts, remove
from truscan.ingest.collector import resting, sweep
from truscan.ingest.dimensions import clean
from truscan.ingest.errors import FileMissing, LeaseLost, NoQuestion
from truscan.ingest.file_store import Incoming, keep, open_stored, refuse
from truscan.ingest.fold import fold
from truscan.ingest.mappings import check_reading, remember, remembered
from truscan.ingest.overlap import store_in_turn, store_overlapped
from truscan.ingest.partitions import ensure_partitions, month_of
from truscan.ingest.produce import CHUNK_ROWS, pieces
from truscan.ingest.question import asked
from truscan.ingest.sources import Listed, list_sources, source_of, vocabulary
from truscan.logs.errors import LogError, NeedsAnswer, UnknownHeader
from truscan.logs.read import ReadState, read_raw
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from truscan.access.actor import Actor
    from truscan.ingest.chunk import Chunk, Piece
    from truscan.logs.source import Source
    from truscan.models.estate import Site
    from truscan.models.log_import import LogFile

_State = LogImport.State
# Below this a second thread and connection cost more than they save.
_OVERLAP_FROM = 2 << 20


def accept_file(
    *,
    actor: Actor,
    name: str,
    stream: BinaryIO,
    site: Site,
    timezone: str | None = None,
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
    queue: bool = True,
) -> list[LogImport]:
    """Store the bytes and make receipts, one per file or archive member, and queue them.

    A file that cannot be read at all gets one receipt that says why, in state FAILED; nothing else
    of it is kept. Zone and encoding default to the site's. Raises BadReading for a zone, encoding
    or mapping that does not exist. With `queue=False` the caller runs the imports.
    """
    # A name on disk may have bytes that PostgreSQL takes for no text.
    name = clean(name, 255) or "upload"
    zone, code_page = timezone or site.timezone, encoding or site.encoding
    check_reading(zone, code_page, mapping)
    with Incoming(stream) as incoming:
        try:
            listed, refused = list_sources(incoming.file, name), ""
        except LogError as error:
            listed, refused = [Listed(name, "", incoming.size)], str(error)
        with transaction.atomic():
            file = refuse(incoming, name) if refused else keep(incoming, name)
            common: dict[str, Any] = {
                "site": site,
                "file": file,
                "sha256": incoming.sha256,
                "timezone": zone,
                "encoding": code_page,
                "mapping": dict(mapping or {}),
                **author_of(actor),
            }
            rows = [_receipt(source, refused, common) for source in listed]
            audit.record(
                "import.accepted",
                actor=actor,
                obj=rows[0],
                after={"file": name, "sha256": incoming.sha256, "imports": [r.pk for r in rows]},
                reason=refused,
            )
            if queue and not refused:
                enqueue(rows)
    return rows


def author_of(actor: Actor) -> dict[str, Any]:
    return {"actor_name": actor.name, "actor_user": actor.user, "means": actor.means.value}


def _receipt(source: Listed, refused: str, common: dict[str, Any]) -> LogImport:
    more = {"state": _State.FAILED, "error": refused, "finished_at": clock.now()}
    return LogImport.objects.create(
        name=source.name[:1024],
        member=source.member[:512],
        bytes_total=source.size,
        byte_end=source.size or None,
        **common,
        **(more if refused else {}),
    )


def enqueue(rows: list[LogImport]) -> None:
    """Hand imports to the workers once the transaction stands; without a broker, read them."""
    ids = [row.pk for row in rows]
    transaction.on_commit(lambda: _dispatch(ids))


def _dispatch(ids: list[int], now: datetime | None = None) -> None:
    # Here, since the task imports this module.
    from truscan.tasks import run_import as task

    for import_id in ids:
        if settings.HAS_BROKER:
            task.delay(import_id)
        else:
            run_import(import_id, now=now or clock.now())


def run_import(
    import_id: int, *, now: datetime, progress: Any = None, chunk_rows: int = CHUNK_ROWS
) -> LogImport | None:
    """Read an import from its checkpoint to its end; None if another worker has it.

    Safe to call any number of times. `progress` is called with the receipt after each chunk of
    about `chunk_rows` detections.
    What goes wrong with the log is in the receipt. Errors of the machine (a full disk, a lost
    database) are told there and raised; it is tried again after a pause that grows, and given up
    after `lease.TRIES` times without progress.
    """
    owner = lease.claim(import_id, now)
    if owner is None:
        return None
    row = LogImport.objects.select_related("file", "site").get(pk=import_id)
    try:
        with lease.renewed(import_id, owner):
            _read(row, owner, now, progress, chunk_rows)
            receipts.end(row, owner, _State.DONE, clock.now(), error="", question={})
    except LeaseLost:
        return None
    except (NeedsAnswer, UnknownHeader) as error:
        remove.forget_rows(row, owner, now)
        receipts.end(row, owner, _State.QUESTION, now, question=asked(error, row), error=str(error))
    except (LogError, FileMissing) as error:
        remove.forget_rows(row, owner, now)
        receipts.end(row, owner, _State.FAILED, clock.now(), error=str(error))
    except Exception as error:
        _put_off(row, owner, error)
        raise
    return row


def _put_off(row: LogImport, owner: uuid.UUID, error: Exception) -> None:
    """Nothing is told if the database is what fails: the lease then runs out by itself."""
    told = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    what = f"{type(error).__name__}: {clean(str(told), 300)}"
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    with contextlib.suppress(DatabaseError, LeaseLost):
        now = clock.now()
        tries = LogImport.objects.filter(pk=row.pk).values_list("tries", flat=True)[0] + 1
        if tries < lease.TRIES:
            receipts.put_off(row, owner, tries, now, f"Reading stopped. {what}")
            return
        remove.forget_rows(row, owner, now)
        given_up = (
            f"Reading stopped {tries} times, so it was given up. {what}. When that is mended, read"
            " the file again: it is kept."
        )
        receipts.end(row, owner, _State.FAILED, now, error=given_up)


def _read(row: LogImport, owner: uuid.UUID, now: datetime, progress: Any, chunk_rows: int) -> None:
    began = time.monotonic()

    def store(chunk: Chunk) -> None:
        nonlocal began
        began = _store(row, owner, chunk, now, began)
        sweep()
        if progress:
            row.refresh_from_db()
            progress(row)

    with resting(), open_stored(row.file) as stored, source_of(stored, row) as source:
        made = _pieces(row, source, now, chunk_rows)
        is_large = row.file.size >= _OVERLAP_FROM and not connection.in_atomic_block
        if is_large:
            store_overlapped(made, store)
        else:
            store_in_turn(made, store)


def _pieces(row: LogImport, source: Source, now: datetime, rows: int) -> Iterator[Piece]:
    state = ReadState()
    outcomes = read_raw(
        source,
        zone=row.timezone,
        encoding=row.encoding or None,
        mapping=remembered(row, source),
        vocabulary=vocabulary(),
        now=now,
        base_line_no=row.base_line_no,
        state=state,
    )
    after = row.checkpoint.get("line", 0)
    return pieces(outcomes, state=state, after_line=after, rows=rows, size=row.bytes_total)


def _store(row: LogImport, owner: uuid.UUID, chunk: Chunk, now: datetime, began: float) -> float:
    """One chunk, whose blocks are staged in this session, in one transaction with its receipt.

    Returns the time up to which the receipt's seconds count, `began` being that of the last one.
    """
    ensure_partitions(map(month_of, chunk.months))
    with transaction.atomic():
        with connection.cursor() as cursor:
            folded = fold(cursor, row.pk, chunk, now)
        receipts.store_rejects(row, chunk)
        noted = time.monotonic()
        receipts.note(row, owner, chunk, folded, noted - began)
    return noted


def resume_due(now: datetime) -> int:
    """Read on what a killed worker left; part of the tick. The number of imports handed out."""
    ids = lease.abandoned(now)
    _dispatch(ids, now)
    return len(ids)


@transaction.atomic
def answer(
    *, actor: Actor, log_import: LogImport, mapping: Mapping[str, str], queue: bool = True
) -> LogImport:
    """Answer an import's question and queue it again; the mapping is remembered for the site.

    `mapping` gives columns their fields and "@date_order" the order of dates (dmy, mdy, ymd).
    Raises NoQuestion if nothing is asked, BadReading for a field that does not exist.
    """
    row = LogImport.objects.select_for_update().get(pk=log_import.pk)
    if row.state != _State.QUESTION:
        raise NoQuestion("This import waits for no answer.")
    check_reading(row.timezone, row.encoding, mapping)
    remember(row, mapping)
    before = dict(row.mapping)
    row.mapping = {**before, **mapping}
    row.state, row.question, row.error, row.finished_at = _State.QUEUED, {}, "", None
    row.save(update_fields=["mapping", "state", "question", "error", "finished_at"])
    audit.record("import.answered", actor=actor, obj=row, before=before, after=dict(row.mapping))
    if queue:
        enqueue([row])
    return row


def again(
    *, actor: Actor, old: LogImport, zone: str, encoding: str, mapping: dict[str, str]
) -> LogImport:
    """A new receipt for the same stored bytes, read differently; the caller queues it."""
    file: LogFile = old.file
    return LogImport.objects.create(
        site=old.site,
        file=file,
        name=old.name,
        member=old.member,
        sha256=old.sha256,
        byte_start=old.byte_start,
        byte_end=old.byte_end,
        base_line_no=old.base_line_no,
        bytes_total=old.bytes_total,
        timezone=zone,
        encoding=encoding,
        mapping=mapping,
        rereads=old,
        **author_of(actor),
    )
