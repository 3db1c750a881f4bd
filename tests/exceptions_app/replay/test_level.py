"""Replay of a level: how the plan's places stand, and what other groups found there already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from exceptions_app.policies.publish import publish
from exceptions_app.replay.core import Tally
from exceptions_app.replay.level import replay_level
from exceptions_app.replay.places import places_of_plan
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, at, climb, make_stored
from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType

pytestmark = pytest.mark.django_db

NOW = at(15)


def found(process: Any, group: Any, n: int, level: int | None, **more: Any) -> None:
    logged, _ = Action.objects.get_or_create(name="Logged", name_key="logged")
    fields = {"day": NOW.date(), "event_type": EventType.POTENTIAL_RISK, **more}
    DailyCount.objects.create(
        process=process, group=group, sensitivity=level, action=logged, rows=1, occurrences=n,
        **fields,
    )  # fmt: skip
    make_sighting(process, group, level_min=level, level_max=level, last_at=NOW)


def test_it_tells_how_it_stands_and_what_others_found_there() -> None:
    plan = climb(make_stored(), 2)
    sales, plant, far = make_group(SALES), make_group("Plant"), make_group("Far")
    policy, strict = make_policy("Sales", SALES), make_policy("Plant", "Plant")
    own, known, ahead, held, high, old = (make_process(f"{d}.exe", d) for d in "abcdef")
    give(known, policy)
    give(held, policy)
    give(held, strict, "terminate")
    for one in (policy, strict):
        publish(actor=SYSTEM, policy=one, now=NOW)
    found(own, sales, 4, 20)
    found(known, sales, 5, None)
    found(own, plant, 50, 30)
    found(ahead, plant, 6, 30)
    found(ahead, far, 7, 30)
    found(held, plant, 8, 30)
    found(high, plant, 9, 40)
    found(old, plant, 9, 30, day=NOW.date() - timedelta(days=40))

    def ask(groups: Any = None, level: str = "30") -> Any:
        places = places_of_plan(plan, groups)
        return replay_level(plan, places, level, now=NOW, groups=groups)

    done = ask()
    assert (done.was, done.heard) == ("20", True)
    assert done.outcomes == {"": Tally(1, 4), "ignore": Tally(1, 5)}
    assert done.by_group == {sales.pk: done.outcomes}
    told = [(row.process_id, row.occurrences, row.groups, row.after) for row in done.ahead or []]
    assert told == [(ahead.pk, 13, 2, ""), (held.pk, 8, 1, "ignore")]
    assert done.ahead_sum == Tally(3, 21)
    assert [row.process_id for row in done.let_through] == [held.pk]
    narrow = ask({sales.pk, far.pk})
    assert [(row.occurrences, row.groups) for row in narrow.ahead or []] == [(7, 1)]
    assert [row.process_id for row in ask(level="40").ahead or []] == [ahead.pk, high.pk, held.pk]
    assert ask(level="quarantine").ahead is None


def test_page_and_rest_show_it(client: Client) -> None:
    plan, user = make_stored(now=timezone.now()), make_user("rita", "viewer")
    client.force_login(user)
    page = client.get(f"/ramp/{plan.pk}/replay/level/?level=10").content.decode()
    assert "Before you confirm level 10" in page
    assert "nothing is known of how they stand" in page
    assert f"/ramp/{plan.pk}/replay/level/" in client.get(f"/ramp/{plan.pk}/").content.decode()
    api = Caller(user)
    r = api.get(f"replay/?ramp_plan={plan.pk}&level=10")
    assert (r.status_code, r.json()["is_known"], r.json()["ahead"]) == (200, False, [])
    assert api.get(f"replay/?ramp_plan={plan.pk}&level=15").status_code == 400
