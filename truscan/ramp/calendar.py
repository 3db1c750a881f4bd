"""Steps of a plan, or of all of a person's plans, as a calendar behind a secret address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from icalendar import Calendar, Event

from truscan import audit
from truscan.models.access import PersonSettings
from truscan.models.ramp import RampPlan
from truscan.ramp.locked import locked
from truscan.ramp.message import path_of
from truscan.ramp.rows import plan_of, state_of, with_rows
from truscan.ramp.schedule import StepState
from truscan.ramp.words import clicks, level_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor

LENGTH = timedelta(minutes=30)


@transaction.atomic
def make_link(*, actor: Actor, plan: RampPlan) -> str:
    """A new secret for the plan's calendar, shown once; the one before stops working."""
    row = locked(plan)
    secret = secrets.token_urlsafe(32)
    row.calendar_digest = _digest(secret)
    row.save(update_fields=["calendar_digest"])
    audit.record("ramp.calendar_link_made", actor=actor, obj=row)
    return secret


def plan_by_secret(secret: str) -> RampPlan | None:
    """The plan that this secret opens."""
    plans = with_rows(RampPlan.objects.filter(calendar_digest=_digest(secret)))
    plan: RampPlan | None = plans.first()
    return plan


@transaction.atomic
def make_own_link(*, actor: Actor, user: User) -> str:
    """A new secret for the person's calendar, shown once; the one before stops working."""
    secret = secrets.token_urlsafe(32)
    PersonSettings.objects.update_or_create(
        user=user, defaults={"calendar_digest": _digest(secret)}
    )
    audit.record("person.calendar_link_made", actor=actor, obj=user)
    return secret


def person_by_secret(secret: str) -> User | None:
    """The person whose calendar this secret opens; nobody once the account is closed."""
    people = PersonSettings.objects.filter(
        calendar_digest=_digest(secret), user__is_active=True
    ).select_related("user")
    found = people.first()
    return found.user if found else None


def feed_of(row: RampPlan, now: datetime) -> bytes:
    """The calendar as RFC 5545 bytes: reached steps where they were, others where they will be.

    The identifiers stay and SEQUENCE grows with every event, so that a subscriber sees a step
    move instead of a second one.
    """
    return _calendar(f"{row}", [row], now)


def feed_of_person(user: User, now: datetime) -> bytes:
    """All plans that the person sees and that have not ended, in one calendar."""
    plans = with_rows(RampPlan.objects.visible_to(user).filter(ended_at=None)).order_by("pk")
    return _calendar(f"Ramp plans of {user.get_username()}", plans, now)


def _calendar(name: str, rows: Iterable[RampPlan], now: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//TruScan tuning//ramp//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for row in rows:
        _add(calendar, row, now)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _add(calendar: Calendar, row: RampPlan, now: datetime) -> None:
    plan, state = plan_of(row), state_of(row, now)
    events = list(row.events.all())
    for step in state.steps:
        if row.ended_at and step.reached_on is None:
            continue
        on = step.reached_on or step.projected_on
        event = _event(row, step)
        start = plan.due_at(on)
        event.add("dtstart", start)
        event.add("dtend", start + LENGTH)
        event.add("dtstamp", events[-1].at if events else row.created_at)
        event.add("sequence", len(events))
        calendar.add_component(event)


def _event(row: RampPlan, step: StepState) -> Event:
    level = level_name(row.track, step.level)
    event = Event()
    event.add("uid", f"ramp-{row.pk}-{step.position}@truscan.invalid")
    event.add("summary", f"{row.scan_policy}: {level}{' is set' if step.reached_on else ''}")
    how = "\n".join(clicks(row.track, row.scan_policy.name, step.level))
    event.add("description", f"{row.get_track_display()}\n{how}")
    event.add("url", settings.BASE_URL + path_of(row))
    event.add("transp", "TRANSPARENT")
    return event


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
