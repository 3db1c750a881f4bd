"""Reminders for other programs: a line in the ledger, which webhooks tell.

The outbox row with the reminder's key is written with the line in one transaction, so a reminder
is in the ledger once, however often the beat comes; without a webhook that waits for it, it is
not written at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from truscan import audit
from truscan.access.actor import Actor
from truscan.delivery.webhooks import is_awaited
from truscan.models.delivery import OutboxMessage
from truscan.ramp.message import path_of, subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.reminders import Reminder

CODE = "ramp.reminded"


def tell(found: Sequence[tuple[RampPlan, Reminder, date]], now: datetime) -> int:
    """Write the reminders that are new, each with the plan's local day; how many there were."""
    if not found or not is_awaited(CODE):
        return 0
    keys = [_key(reminder) for _, reminder, _ in found]
    known = set(OutboxMessage.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [one for one in found if _key(one[1]) not in known]
    return sum(_tell(row, reminder, today, now) for row, reminder, today in new)


@transaction.atomic
def _tell(row: RampPlan, reminder: Reminder, today: date, now: datetime) -> bool:
    path, subject = path_of(row), subject_of(row, reminder, today)
    link = settings.BASE_URL + path
    fields = {
        "channel": OutboxMessage.Channel.WEBHOOK,
        "subject": subject,
        "body": link,
        "link": path,
        "plan": row,
        "due_at": now,
        "sent_at": now,
    }
    _, created = OutboxMessage.objects.get_or_create(key=_key(reminder), defaults=fields)
    if created:
        said = {
            "key": reminder.key,
            "kind": reminder.kind.value,
            "level": reminder.level,
            "due_on": reminder.due_on.isoformat(),
            "link": link,
            "text": f"{subject}\n{link}",
        }
        audit.record(CODE, actor=Actor.by_schedule(), obj=row, after=said)
    return created


def _key(reminder: Reminder) -> str:
    return f"{reminder.key}:webhook"
