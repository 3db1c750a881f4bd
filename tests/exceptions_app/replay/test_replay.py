"""The SQL of a replay against a slow model that looks at every count by itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.errors import BadValue
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import assign
from exceptions_app.policies.estate_edits import add_location
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import ask_to_publish
from exceptions_app.replay.core import Effect, Tally, effect
from exceptions_app.replay.run import replay_decision, replay_drafts, replay_switch
from tests.cases import cases
from tests.exceptions_app.acts import give, make_policy
from tests.make import (
    NOW,
    SYSTEM,
    make_computer,
    make_group,
    make_process,
    make_sighting,
    make_user,
)
from tests.tokens import Caller
from truscan import coverage
from truscan.access.actor import Actor
from truscan.ingest.roll_up import roll_next
from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType
from truscan.models.estate import Account, Group, Location
from truscan.models.presence import Presence, UserPresence
from truscan.models.process import Process
from truscan.models.rolled import CountedDay, RolledDay

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
RESPONSES = st.sampled_from(["", "ignore", "quarantine", "terminate"])
COUNTS = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 2), st.booleans(), st.integers(0, 2), st.integers(1, 9)
    ),
    max_size=12,
    unique_by=lambda c: c[:4],
)


def count(day: date, group: Group, process: Process, n: int, at: Location | None = None) -> None:
    logged, _ = Action.objects.get_or_create(name="Logged", name_key="logged")
    CountedDay.objects.update_or_create(
        day=day, create_defaults={"day": day}, defaults={"version": F("version") + 1}
    )
    DailyCount.objects.create(
        day=day,
        group=group,
        location=at,
        process=process,
        event_type=EventType.POTENTIAL_RISK,
        action=logged,
        rows=1,
        occurrences=n,
    )


def roll_up() -> None:
    while roll_next(NOW):
        pass
    assert not DailyCount.objects.filter(day__lt=TODAY).exclude(
        day__in=RolledDay.objects.values("day")
    )


def see(process: Process, group: Group, computer: str, **more: Any) -> None:
    seen = {"first_at": NOW, "last_at": NOW, "rows": 1, "occurrences": 1, **more}
    pc = make_computer(computer, group)
    user = Account.objects.create(domain=group.domain, name=computer, name_key=computer)
    Presence.objects.create(process=process, group=group, computer=pc, **seen)
    UserPresence.objects.create(process=process, group=group, account=user, **seen)


@given(
    counts=COUNTS,
    was=st.lists(RESPONSES, min_size=6, max_size=6),
    becomes=st.lists(RESPONSES, min_size=6, max_size=6),
    rolled=st.integers(0, 12),
)
@settings(
    max_examples=cases(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_it_agrees_with_a_slow_model(
    counts: list[Any], was: list[str], becomes: list[str], rolled: int
) -> None:
    with transaction.atomic():
        _agree(counts, was, becomes, rolled)
        transaction.set_rollback(True)


def _agree(counts: list[Any], was: list[str], becomes: list[str], rolled: int) -> None:
    """Two groups with a policy each, one location with the other's policy, one group without.

    The first counts, up to `rolled`, are rolled up before the others come.
    """
    groups = [make_group(path) for path in ("A", "B", "C")]
    vpn = add_location(actor=SYSTEM, group=groups[0], name="VPN")
    policies = [make_policy("A policy", "A"), make_policy("B policy", "B")]
    assign(actor=SYSTEM, policy=policies[1], group=groups[0], location=vpn)
    processes = [make_process(f"{d}.exe", d) for d in "abc"]
    rules = _ruled(policies, processes, was, becomes)
    expected: dict[Effect, Tally] = defaultdict(Tally)
    for back, group, at, process, n in _placed(counts, vpn, rolled):
        count(TODAY - timedelta(days=back), groups[group], processes[process], n, at)
        policy = policies[1] if at or group == 1 else policies[0]
        before, after = rules[policy.pk, processes[process].pk]
        if group != 2 and back < 5 and before != after:
            expected[effect(before, after)] += Tally(1, n)
    for process in processes:
        for group in groups:
            make_sighting(process, group)
    done = replay_drafts([p.pk for p in policies], now=NOW, days=5)
    named = (Tally(row.rows, row.occurrences) for row in done.changes)
    assert sum(named, Tally()) == sum(expected.values(), Tally())
    assert {k: v for k, v in done.folded.total.items() if k is not Effect.SAME} == expected
    for what, tally in expected.items():
        days = (effects.get(what, Tally()) for effects in done.folded.days.values())
        assert sum(days, Tally()) == tally


def _ruled(
    policies: list[Policy], processes: list[Process], was: list[str], becomes: list[str]
) -> dict[tuple[int, int], tuple[str, str]]:
    """Publish one side and draft the other; outcomes by (policy, process)."""
    pairs = [(process, policy) for policy in policies for process in processes]
    for (process, policy), response in zip(pairs, was, strict=True):
        if response:
            give(process, policy, response)
    for policy in policies:
        publish(actor=SYSTEM, policy=policy, now=NOW)
    rules = {
        (policy.pk, process.pk): (before, after or before)
        for (process, policy), before, after in zip(pairs, was, becomes, strict=True)
    }
    for process, policy in pairs:
        before, after = rules[policy.pk, process.pk]
        if after != before:
            give(process, policy, after)
    return rules


def _placed(counts: list[Any], vpn: Location, rolled: int) -> Iterator[Any]:
    """The counts with their location, those elsewhere than in the first group left out; months are
    rolled up before one of them, or behind the last."""
    for index, (back, group, in_vpn, process, n) in enumerate(counts):
        if index == rolled:
            roll_up()
        if not in_vpn or group == 0:
            yield back, group, vpn if in_vpn else None, process, n
    if len(counts) <= rolled:
        roll_up()


def test_a_decision_tells_whom_it_touches_and_what_bad_it_lets_through() -> None:
    sales, plant = make_group("Global\\Sales"), make_group("Plant")
    policy, strict = make_policy("Sales", "Global\\Sales"), make_policy("Plant", "Plant")
    tool, other = make_process("tool.exe", "a"), make_process("b.exe", "b")
    give(tool, strict, "terminate")
    for group, name in ((sales, "PC-1"), (sales, "PC-2"), (plant, "PC-3")):
        see(tool, group, name)
    see(other, sales, "PC-4")
    for process, group in ((tool, sales), (tool, plant), (other, sales)):
        make_sighting(process, group)
        count(TODAY, group, process, 7)

    done = replay_decision([tool.pk], [policy.pk], "ignore", now=NOW)
    assert done.tally(Effect.SILENCED) == Tally(1, 7)
    assert (done.computers, done.users) == (2, 2)
    assert done.computers_by_group == {sales.pk: 2}
    assert [(r.process_id, r.after, r.occurrences) for r in done.let_through] == [
        (tool.pk, "ignore", 7)
    ]
    assert [r.process_id for r in done.changes] == [tool.pk]
    stopped = replay_decision([tool.pk], [policy.pk], "terminate", now=NOW)
    assert stopped.tally(Effect.STOPPED) == Tally(1, 7)
    assert stopped.let_through == []
    hidden = replay_decision([tool.pk], [policy.pk], "ignore", now=NOW, groups=[plant.pk])
    assert (hidden.computers, hidden.folded.total, hidden.heard) == (0, {}, False)


def test_rest_and_the_pages_of_those_who_decide_tell_it() -> None:
    """Rest: each question about a policy, by day, group and location; pages: back, and approval."""
    sales = make_group("Global\\Sales")
    vpn = add_location(actor=SYSTEM, group=sales, name="VPN")
    policy, strict = make_policy("Sales", "Global\\Sales"), make_policy("Plant", "Plant")
    tool, bad = make_process("tool.exe", "a"), make_process("bad.exe", "b")
    give(bad, strict, "terminate")
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    give(tool, policy)
    give(bad, policy, "quarantine")
    publish(actor=SYSTEM, policy=policy, now=NOW)
    now = timezone.now()
    for process in (tool, bad):
        make_sighting(process, sales, last_at=now)
        count(now.date(), sales, process, 7, vpn)
    owner, ada = make_user("owner", "administrator"), make_user("ada", "analyst", sales)
    api = Caller(owner)

    told = api.get(f"replay/?policy={policy.pk}&revision={first.number}").json()
    assert told["effects"] == {"logged_again": {"rows": 2, "occurrences": 14}}
    assert [(row["group"], row["location"]) for row in told["locations"]] == [(sales.pk, vpn.pk)]
    assert [row["day"] for row in told["days"]] == [now.date().isoformat()]
    assert [row["process"] for row in told["confirmed_bad_let_through"]] == [bad.pk]
    assert told["processes_changed"] == 2
    asked = f"replay/?policy={policy.pk}&process={bad.pk}&response=ignore"
    assert api.get(asked).json()["effects"] == {"silenced": {"rows": 1, "occurrences": 7}}
    for wrong in (f"{asked}&revision=1", "replay/?revision=1", "replay/?ramp_plan=1&revision=1"):
        assert api.get(wrong).status_code == 400
    assert api.get(f"replay/?policy={policy.pk}&revision=9").status_code == 404

    client, again = Client(), "<b>14</b> detections"
    client.force_login(owner)
    page = client.get(f"/policies/{policy.pk}/revisions/{first.number}/go-back/").content.decode()
    assert "logged again " + again in page
    assert "Lets 1 confirmed-bad process run" in page
    give(tool, policy, "terminate")
    client.force_login(ada)
    assert "stopped <b>7</b>" in client.get(f"/policies/{policy.pk}/ask/").content.decode()
    request = ask_to_publish(actor=Actor.on_web(ada), policy=policy, now=now)
    client.force_login(owner)
    assert "stopped <b>7</b>" in client.get(f"/approvals/{request.pk}/").content.decode()


def test_the_final_switch_stops_what_has_no_exception() -> None:
    sales = make_group("Global\\Sales")
    vpn = add_location(actor=SYSTEM, group=sales, name="VPN")
    policy = make_policy("Sales", "Global\\Sales")
    known, unknown = make_process("known.exe", "a"), make_process("b.exe", "b")
    give(known, policy)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    for process, name in ((known, "PC-1"), (unknown, "PC-2")):
        see(process, sales, name)
        make_sighting(process, sales)
        count(TODAY, sales, process, 3)
    count(TODAY, sales, unknown, 2, vpn)

    done = replay_switch([(sales.pk, None)], "quarantine", now=NOW)
    assert done.tally(Effect.STOPPED) == Tally(2, 5)
    assert done.folded.outcomes["ignore"] == Tally(1, 3)
    assert set(done.folded.places) == {(sales.pk, None), (sales.pk, vpn.pk)}
    assert (done.computers, done.users) == (1, 1)
    assert [r.process_id for r in done.changes] == [unknown.pk]
    told = coverage.registered().replay_switch([(sales.pk, None)], "quarantine", NOW, 30)
    assert (told.stopped_occurrences, told.ignored_occurrences) == (5, 3)
    assert told.stopped_by_group == {sales.pk: 5}
    only_vpn = replay_switch([(sales.pk, vpn.pk)], "terminate", now=NOW)
    assert only_vpn.tally(Effect.STOPPED) == Tally(1, 2)
    assign(actor=SYSTEM, policy=make_policy("Away"), group=sales, location=vpn)
    mixed = replay_switch([(sales.pk, None)], "quarantine", now=NOW)
    assert (mixed.processes, mixed.computers, mixed.users) == (2, 2, 2), (
        "at the VPN the known one is stopped too"
    )
    with pytest.raises(BadValue):
        replay_switch([(sales.pk, None)], "log", now=NOW)
    with pytest.raises(BadValue):
        replay_switch([(sales.pk, None)], "terminate", now=datetime.now(UTC), days=401)
