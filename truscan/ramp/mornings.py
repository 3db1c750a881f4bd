"""One message per person and morning, for those who want no single reminders."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.conf import settings

from truscan.delivery import outbox
from truscan.models.delivery import OutboxMessage
from truscan.models.estate import Group
from truscan.models.ramp import RampPlan
from truscan.ramp.digest import Item, body_of, in_order, morning_of, says_of, section_of, subject_of
from truscan.ramp.message import path_of
from truscan.ramp.rows import events_of, group_ids_of, state_of, with_rows
from truscan.ramp.schedule import fold_as_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.ramp.plan import Event, Plan
    from truscan.ramp.recipients import Ladder
    from truscan.ramp.schedule import State


def wants_digest(user: User) -> bool:
    chosen = getattr(user, "person_settings", None)
    return bool(chosen and chosen.digest)


def digests(
    standing: Sequence[tuple[RampPlan, State]],
    values: Mapping[int, tuple[Plan, Sequence[Event]]],
    ladders: Mapping[int, Ladder],
    now: datetime,
) -> list[OutboxMessage]:
    """The digests of the mornings that people have at `now`; none is empty.

    A plan is told if there is something to say of it now and was in the morning: what came up
    since then waits for the next one, and what was settled is not told late.
    """
    plans: dict[User, list[tuple[RampPlan, State]]] = defaultdict(list)
    for row, state in standing:
        ladder = ladders[row.pk]
        for user in (*ladder.first, *ladder.second):
            if wants_digest(user):
                plans[user].append((row, state))
    made = [_digest(user, found, values, now) for user, found in plans.items()]
    return [message for message in made if message is not None]


def items_now(user: User, now: datetime) -> list[Item]:
    """What a digest made at this moment would tell the person, whether he has an address or not:
    the plans whose levels he may confirm."""
    rows = list(with_rows(RampPlan.objects.visible_to(user).filter(ended_at=None)))
    ids = set().union(*(group_ids_of(row) for row in rows))
    approved = Group.objects.visible_to(user, "approver").filter(pk__in=ids)
    mine = set(approved.values_list("pk", flat=True))
    items = [
        _item(row, state_of(row, now), events_of(row)) for row in rows if group_ids_of(row) <= mine
    ]
    return in_order([item for item in items if item is not None])


def _digest(
    user: User,
    standing: Sequence[tuple[RampPlan, State]],
    values: Mapping[int, tuple[Plan, Sequence[Event]]],
    now: datetime,
) -> OutboxMessage | None:
    on, at = morning_of(user.person_settings.timezone, now)
    items = []
    for row, state in standing:
        plan, events = values[row.pk]
        item = _item(row, state, events)
        then = section_of(fold_as_of(plan, events, at))
        if item is not None and then is not None:
            items.append(item)
    if not items:
        return None
    return OutboxMessage(
        key=f"{outbox.DIGEST}{on.isoformat()}:email:{user.pk}",
        channel=OutboxMessage.Channel.EMAIL,
        recipient=user,
        address=user.email,
        subject=subject_of(items, on)[:255],
        body=body_of(items, settings.BASE_URL),
        link="/ramp/",
        due_at=at,
    )


def _item(row: RampPlan, state: State, events: Sequence[Event]) -> Item | None:
    section = section_of(state)
    if section is None:
        return None
    says = says_of(state, events, row.track, row.timezone)
    return Item(section, f"{row}", says, path_of(row))
