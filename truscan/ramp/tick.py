"""The beat's part of the ramp: put reminders that are due into the outbox.

What is due follows from the plans alone, and every message has a unique key, so two beats at
once write each message once, and a beat that slept writes what still matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from truscan.delivery import outbox
from truscan.models.delivery import OutboxMessage
from truscan.models.ramp import RampPlan
from truscan.ramp.message import body_of, path_of, subject_of
from truscan.ramp.recipients import approvers_of
from truscan.ramp.reminders import Reminder, reminders_of
from truscan.ramp.rows import plan_of, state_of, with_rows

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.contrib.auth.models import User


def tick(now: datetime) -> int:
    """Queue what is due at `now` and drop what is unsent and past; the messages written."""
    plans = list(with_rows(RampPlan.objects.filter(ended_at=None)))
    due = [(row, *found) for row in plans if (found := _reminders(row, now))]
    people = approvers_of(row for row, _, _ in due)
    messages = [
        _message(row, reminder, user, today)
        for row, reminders, today in due
        for reminder in reminders
        for user in people[row.pk]
    ]
    outbox.drop_superseded({message.key for message in messages}, now)
    return outbox.put(messages)


def _reminders(row: RampPlan, now: datetime) -> tuple[tuple[Reminder, ...], date] | None:
    state = state_of(row, now)
    found = reminders_of(plan_of(row), state)
    return (found, state.today) if found else None


def _message(row: RampPlan, reminder: Reminder, user: User, today: date) -> OutboxMessage:
    path = path_of(row)
    return OutboxMessage(
        key=f"{reminder.key}:email:{user.pk}",
        channel=OutboxMessage.Channel.EMAIL,
        recipient=user,
        address=user.email,
        subject=subject_of(row, reminder, today),
        body=body_of(row, reminder, settings.BASE_URL + path),
        link=path,
        plan=row,
        due_at=plan_of(row).due_at(reminder.on),
    )
