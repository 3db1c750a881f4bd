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
from truscan.ramp.digest import section_of
from truscan.ramp.message import body_of, escalated_body_of, path_of, subject_of
from truscan.ramp.mornings import digests, wants_digest
from truscan.ramp.recipients import Ladder, ladders_of
from truscan.ramp.reminders import Reminder, ReminderKind, escalation_of, reminders_of
from truscan.ramp.rows import values_of, with_uses
from truscan.ramp.schedule import fold
from truscan.ramp.told import tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from truscan.ramp.plan import Plan
    from truscan.ramp.schedule import State


def tick(now: datetime) -> int:
    """Queue what is due at `now` and drop what is unsent and past; the messages written."""
    rows = list(with_uses(RampPlan.objects.filter(ended_at=None)))
    values = values_of(rows)
    plans = {pk: plan for pk, (plan, _) in values.items()}
    standing = [(row, fold(*values[row.pk], now)) for row in rows]
    found = [
        (row, reminder, state.today)
        for row, state in standing
        for reminder in _due(plans[row.pk], state)
    ]
    spoken_of = {row.pk for row, _, _ in found}
    telling = [one for one in standing if one[0].pk in spoken_of or section_of(one[1])]
    ladders = ladders_of(row for row, _ in telling)
    wanted = [
        (f"{reminder.key}:email:{user.pk}", row, reminder, user, today)
        for row, reminder, today in found
        for user in _people(reminder, ladders[row.pk])
        if not wants_digest(user)
    ]
    written = outbox.known([key for key, *_ in wanted])
    paths = {row.pk: path_of(row) for row, _, _ in found}
    messages = [
        _message(key, row, reminder, user, today, ladders[row.pk], plans[row.pk], paths[row.pk])
        for key, row, reminder, user, today in wanted
        if key not in written
    ]
    mornings = digests(telling, values, ladders, now)
    current = {key for key, *_ in wanted} | {message.key for message in mornings}
    outbox.drop_superseded(current, now)
    messages += mornings
    reachable = [one for one in found if _is_for_somebody(one[1], ladders[one[0].pk])]
    return outbox.put(messages) + tell(reachable, now)


def _due(plan: Plan, state: State) -> Iterator[Reminder]:
    yield from reminders_of(plan, state)
    escalation = escalation_of(plan, state)
    if escalation is not None:
        yield escalation


def _people(reminder: Reminder, ladder: Ladder) -> list[User]:
    return ladder.second if reminder.kind is ReminderKind.ESCALATED else ladder.first


def _is_for_somebody(reminder: Reminder, ladder: Ladder) -> bool:
    """An escalation without anybody above is no more than the reminder of that day."""
    return reminder.kind is not ReminderKind.ESCALATED or bool(ladder.second)


def _message(
    key: str,
    row: RampPlan,
    reminder: Reminder,
    user: User,
    today: date,
    ladder: Ladder,
    plan: Plan,
    path: str,
) -> OutboxMessage:
    link = settings.BASE_URL + path
    is_escalated = reminder.kind is ReminderKind.ESCALATED
    body = (
        escalated_body_of(row, reminder, link, ladder.first)
        if is_escalated
        else body_of(row, reminder, link)
    )
    return OutboxMessage(
        key=key,
        channel=OutboxMessage.Channel.EMAIL,
        recipient_id=user.pk,
        address=user.email,
        subject=subject_of(row, reminder, today),
        body=body,
        link=path,
        plan_id=row.pk,
        due_at=plan.due_at(reminder.on),
    )
