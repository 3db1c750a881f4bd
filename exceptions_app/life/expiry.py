"""The beat's part of expiry: one entry in the ledger for each exception that expired.

Whether an exception is in force is computed from its time, never from this note; the entry is
what webhooks and the history tell. A late tick tells it late and a doubled one does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.models.exception import ProcessException
from truscan import audit
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from datetime import datetime

# The ledger's lock is held to the end of the transaction: a few are told, then others may write.
BATCH = 100


@transaction.atomic
def tick(now: datetime) -> int:
    """Tell of those that expired by `now` and were not told; how many."""
    due = ProcessException.objects.filter(
        retired_at=None, expires_at__lte=now, expiry_noted_at=None
    ).order_by("expires_at", "pk")
    rows = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    found = list(rows.select_related("process", "policy", "owner")[:BATCH])
    ProcessException.objects.filter(pk__in=[row.pk for row in found]).update(expiry_noted_at=now)
    for row in found:
        audit.record(
            "exception.expired",
            actor=Actor.by_schedule(),
            obj=row,
            object_type="exception",
            before={"response": row.response},
            after={
                "policy": row.policy.name,
                "process": row.process_id,
                "expired_at": row.expires_at,
                "owner": row.owner.get_username() if row.owner else None,
            },
            reason=row.reason,
        )
    return len(found)
