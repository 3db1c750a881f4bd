"""Messages leave from here: written once by key, claimed by a conditional UPDATE, retried.

A sender that dies holds its claim for `LEASE`; then another takes the message. Between the mail
server's acceptance and our note of it lies one moment in which a kill makes the message leave
twice. No protocol closes that gap, so both copies carry the same Message-ID, by which mail
systems recognise a double.
"""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import mail
from django.db.models import F, Q

from truscan.delivery.quiet import Quiet
from truscan.models.access import PersonSettings
from truscan.models.delivery import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from django.core.mail.backends.base import BaseEmailBackend
    from django.db.models import QuerySet

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
# A dead mail server is asked after 1, 2, 4, ... minutes, at most every hour, for ever: what is
# no longer worth sending is dropped by its cause, not by a count of attempts.
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
BATCH = 200
SMTP_SECONDS = 20
# Keys of digests begin so: one per person and morning, of no single plan.
DIGEST = "digest:"
# A slow server may not keep the beat from its other parts; far below the lease, so that no
# claim of the batch runs out while its message is on the way.
BATCH_SECONDS = 30


def known(keys: Collection[str]) -> set[str]:
    """Those of the keys that are written already: their messages need not be made again."""
    return set(OutboxMessage.objects.filter(key__in=keys).values_list("key", flat=True))


def put(messages: Sequence[OutboxMessage]) -> int:
    """Write the messages whose keys are new; how many there were to write."""
    before = OutboxMessage.objects.filter(key__in=[m.key for m in messages]).count()
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages) - before


def drop_superseded(current: Collection[str], now: datetime) -> int:
    """Delete unsent reminders and digests that are not among the current keys and not claimed.

    A mail server that was dead for a month must not release thirty reminders of one step.
    """
    replaced = Q(plan__isnull=False) | Q(key__startswith=DIGEST)
    stale = _unsent(now).filter(replaced).exclude(key__in=current)
    return stale.delete()[0]


def deliver_due(now: datetime) -> int:
    """Send what is due at `now`, but to nobody in quiet hours; how many messages left."""
    _put_off(now)
    due = _due(now)
    ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[:BATCH])
    connection, started, sent = mail.get_connection(timeout=SMTP_SECONDS), time.monotonic(), 0
    for pk in ids:
        if time.monotonic() - started > BATCH_SECONDS:
            break
        sent += _deliver(pk, now, connection)
    return sent


def _put_off(now: datetime) -> None:
    """Let what is due to people in their quiet hours, for whatever reason only now, wait."""
    waiting = _due(now).filter(recipient__isnull=False).values("recipient_id")
    for chosen in PersonSettings.objects.filter(quiet_from__isnull=False, user_id__in=waiting):
        if chosen.quiet_from is None or chosen.quiet_until is None:
            continue
        until = Quiet(chosen.quiet_from, chosen.quiet_until, chosen.timezone).until(now)
        if until is not None:
            _due(now).filter(recipient_id=chosen.user_id).update(due_at=until)


def claim(pk: int, now: datetime) -> bool:
    """Take a message for `LEASE`; False if it left or another sender has it."""
    claimed = _unsent(now).filter(pk=pk, due_at__lte=now)
    return claimed.update(claimed_until=now + LEASE, attempts=F("attempts") + 1) == 1


def message_id(key: str) -> str:
    """The same for every attempt to send one message."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@truscan.invalid>"


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    return _unsent(now).filter(channel=OutboxMessage.Channel.EMAIL, due_at__lte=now)


def _unsent(now: datetime) -> QuerySet[OutboxMessage]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return OutboxMessage.objects.filter(free, sent_at__isnull=True)


def _deliver(pk: int, now: datetime, connection: BaseEmailBackend) -> bool:
    if not claim(pk, now):
        return False
    row = OutboxMessage.objects.filter(pk=pk)
    message = row.get()
    try:
        _email(message, connection).send()
    except Exception as error:  # one message that cannot leave must not stop the others
        log.warning("message %s could not be sent: %s", message.key, error)
        row.update(
            claimed_until=None, due_at=now + _backoff(message.attempts), last_error=str(error)
        )
        return False
    row.update(sent_at=now, claimed_until=None, last_error="")
    return True


def _backoff(attempts: int) -> timedelta:
    return min(LAST_RETRY, FIRST_RETRY * (1 << min(attempts - 1, 10)))


def _email(message: OutboxMessage, connection: BaseEmailBackend) -> mail.EmailMessage:
    return mail.EmailMessage(
        message.subject,
        message.body,
        settings.DEFAULT_FROM_EMAIL,
        [message.address],
        connection=connection,
        headers={"Message-ID": message_id(message.key), "Auto-Submitted": "auto-generated"},
    )
