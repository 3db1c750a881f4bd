"""Take an import back, or read its file again in another way: one audited act each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from truscan import audit
from truscan.ingest.errors import AlreadyWithdrawn, BadReading, NotFinished
from truscan.ingest.job import again, enqueue
from truscan.ingest.mappings import check_reading
from truscan.ingest.remove import take_away
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from truscan.access.actor import Actor

_State = LogImport.State


def withdraw(*, actor: Actor, log_import: LogImport, now: datetime) -> LogImport:
    """Subtract everything that an import added, exactly; the receipt stays, marked withdrawn.

    Detections that other imports tell of too stay as those tell them; decisions stay. Raises
    NotFinished while it is read, AlreadyWithdrawn the second time.
    """
    with transaction.atomic():
        row = _taken(log_import, now)
        audit.record("import.withdrawn", actor=actor, obj=row, before=_counters(row))
    return row


def _taken(log_import: LogImport, now: datetime) -> LogImport:
    row = LogImport.objects.select_for_update(of=("self",)).get(pk=log_import.pk)
    if row.state == _State.WITHDRAWN:
        raise AlreadyWithdrawn("This import is withdrawn already.")
    if row.state in {_State.RUNNING, _State.QUEUED}:
        raise NotFinished("This import is still being read: wait until it is done.")
    take_away(row.pk, now)
    row.state, row.withdrawn_at = _State.WITHDRAWN, now
    row.save(update_fields=["state", "withdrawn_at"])
    return row


def _counters(row: LogImport) -> dict[str, int]:
    names = ("read", "inserted", "updated", "duplicate", "ignored", "rejected")
    return {name: getattr(row, name) for name in names}


def reread(
    *,
    actor: Actor,
    log_import: LogImport,
    timezone: str | None = None,
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
    now: datetime,
    queue: bool = True,
) -> LogImport:
    """Withdraw an import and read its stored file again with another zone, encoding or mapping.

    What is not given stays as it was. Returns the new receipt, whose `rereads` is the old one.
    Raises what `withdraw` raises, and BadReading for a file that was refused and not kept or for
    values that do not exist.
    """
    zone = timezone or log_import.timezone
    code_page = log_import.encoding if encoding is None else encoding
    columns = dict(log_import.mapping) if mapping is None else dict(mapping)
    check_reading(zone, code_page, columns)
    if log_import.file.stored_as.startswith("refused/"):
        raise BadReading("The file was refused and is not kept: hand it in again.")
    with transaction.atomic():
        old = _taken(log_import, now)
        new = again(actor=actor, old=old, zone=zone, encoding=code_page, mapping=columns)
        audit.record(
            "import.reread",
            actor=actor,
            obj=new,
            before={"import": old.pk, "timezone": old.timezone, "encoding": old.encoding},
            after={"import": new.pk, "timezone": zone, "encoding": code_page, "mapping": columns},
        )
        if queue:
            enqueue([new])
    return new
