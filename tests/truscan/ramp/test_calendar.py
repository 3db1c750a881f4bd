from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from tests.make import SYSTEM
from tests.truscan.ramp.plans import at, climb, make_stored
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import end, hold
from truscan.ramp.calendar import feed_of, make_link, plan_by_secret

pytestmark = pytest.mark.django_db


def starts(plan: RampPlan, now: datetime) -> dict[str, datetime]:
    calendar = Calendar.from_ical(feed_of(plan, now))
    return {
        str(event["uid"]).split("@")[0].rsplit("-", 1)[1]: event.decoded("dtstart").astimezone(UTC)
        for event in calendar.walk("VEVENT")
    }


def test_it_has_every_step_at_nine_in_the_zone_of_the_plan() -> None:
    found = starts(make_stored(zone="America/New_York"), at(-1))
    assert len(found) == 10
    # New York changes its clocks on 8 March 2026.
    assert found["0"] == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert found["1"] == datetime(2026, 3, 12, 13, tzinfo=UTC)


def test_steps_move_and_keep_their_identity() -> None:
    plan = climb(make_stored(), 2)
    before = starts(plan, at(12))
    hold(actor=SYSTEM, plan=plan, reason="freeze", now=at(12))
    after = starts(plan, at(17))
    assert after.keys() == before.keys()
    assert after["1"] == before["1"]
    assert after["2"] - before["2"] == timedelta(days=5)


def test_an_ended_plan_keeps_only_what_was() -> None:
    plan = climb(make_stored(), 2)
    end(actor=SYSTEM, plan=plan, reason="x", now=at(12))
    plan.refresh_from_db()
    assert set(starts(plan, at(20))) == {"0", "1"}


def test_the_same_plan_gives_the_same_bytes() -> None:
    plan = climb(make_stored(), 2)
    assert feed_of(plan, at(12)) == feed_of(plan, at(12, 15))


def test_only_the_newest_secret_opens_the_plan() -> None:
    plan = make_stored()
    first, second = (make_link(actor=SYSTEM, plan=plan) for _ in range(2))
    assert plan_by_secret(first) is None
    assert plan_by_secret(second) == plan
    assert plan_by_secret("") is None
