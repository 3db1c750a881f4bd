from __future__ import annotations

from datetime import date, timedelta

import pytest

from exceptions_app.coverage import settle
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.policies.estate_edits import add_location, set_inheritance
from exceptions_app.policies.publish import publish
from exceptions_app.triage.same_files import link_same_file
from tests.exceptions_app.acts import give, make_policy, watch
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan import coverage, ticking
from truscan.coverage import ResponseInForce
from truscan.models.counts import FOREVER, NEVER, DailyCount, Sighting
from truscan.models.detection import Action, EventType

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def fold(*sightings: Sighting) -> None:
    coverage.registered().after_fold([sighting.pk for sighting in sightings], NOW)


def test_it_is_registered() -> None:
    assert coverage.registered().responses_in_force([], NOW) == []
    assert "watches" in ticking.TICKS


def test_new_sightings_are_covered_by_what_was_decided() -> None:
    top, sub, other = (make_group(path) for path in ("Global", "Global\\Sales", "Plant"))
    process, unknown = make_process(), make_process("b.exe", "b")
    vpn = add_location(actor=SYSTEM, group=top, name="VPN")
    give(process, make_policy("Top", "Global"), expires_at=NOW + DAY)
    rows = [make_sighting(process, group) for group in (top, sub, other)]
    rows.append(make_sighting(unknown, sub))
    fold(*rows)
    for row in rows:
        row.refresh_from_db()
    assert [row.covered_until for row in rows] == [NOW + DAY, NOW + DAY, NEVER, NEVER]
    assert rows[1].covered_locations == [0, vpn.pk]


def test_an_open_watch_above_applies_to_new_sightings() -> None:
    process = make_process()
    watch(process, make_group("Global"), until=NOW + DAY)
    row = make_sighting(process, make_group("Global\\Sales"))
    fold(row)
    row.refresh_from_db()
    assert row.observed_until == NOW + DAY


def test_a_tripwire_brings_it_back_everywhere() -> None:
    process = make_process()
    top, sub = make_group("Global"), make_group("Global\\Sales")
    here, there = make_sighting(process, top), make_sighting(process, sub)
    watch(process, top, tripwires={"occurrences": 10})
    Sighting.objects.filter(pk=here.pk).update(occurrences=14)
    fold(here)
    assert Watch.objects.get().ended_at is None
    Sighting.objects.filter(pk=here.pk).update(occurrences=15)
    fold(here)
    ended = Watch.objects.get()
    assert (ended.ended_at, ended.returned_because) == (
        NOW,
        "10 more detections; the tripwire was 10",
    )
    here.refresh_from_db()
    assert here.observed_until == NEVER
    settle([here.pk], NOW, returned=[process.pk])
    there.refresh_from_db()
    assert there.observed_until == NEVER


def test_the_tick_brings_back_what_an_import_did_not() -> None:
    process, top = make_process(), make_group("Global")
    row = make_sighting(process, top)
    watch(process, top, tripwires={"occurrences": 1})
    Sighting.objects.filter(pk=row.pk).update(occurrences=6)
    for n in range(60):
        ticking.TICKS["watches"](NOW + timedelta(seconds=10 * n))
    row.refresh_from_db()
    assert row.observed_until == NEVER


def test_settling_sees_a_decision_that_the_import_could_not() -> None:
    process, top = make_process(), make_group("Global")
    policy = make_policy("Top", "Global")
    row = make_sighting(process, top)
    ProcessException.objects.create(
        policy=policy, process=process, response="ignore", reason="x", created_at=NOW
    )
    settle([row.pk], NOW)
    row.refresh_from_db()
    assert row.covered_until == FOREVER


def test_settling_takes_back_coverage_by_an_exception_that_is_gone() -> None:
    process, top = make_process(), make_group("Global")
    make_policy("Top", "Global")
    row = make_sighting(process, top, covered_until=FOREVER, covered_locations=[0])
    settle([row.pk], NOW, covered=[row.pk])
    row.refresh_from_db()
    assert (row.covered_until, row.covered_locations) == (NEVER, [])


def test_a_new_sighting_is_covered_by_the_other_hash_of_its_file() -> None:
    process, old = make_process(), make_process("old.exe", hash="b" * 39 + "1")
    give(process, make_policy("Top", "Global"))
    link_same_file(actor=SYSTEM, first=process, second=old)
    row = make_sighting(old, make_group("Global"))
    fold(row)
    row.refresh_from_db()
    assert row.covered_until == FOREVER


def test_in_force_is_what_was_published_and_has_not_expired() -> None:
    top, sub = make_group("Global"), make_group("Global\\Sales")
    vpn = add_location(actor=SYSTEM, group=sub, name="VPN")
    policy = make_policy("Top", "Global", now=NOW - DAY)
    process, brief = make_process(), make_process("b", "b")
    old = make_process("old.exe", hash="b" * 39 + "1")
    link_same_file(actor=SYSTEM, first=process, second=old)
    give(process, policy)
    ask = coverage.registered().responses_in_force
    assert ask([top.pk], NOW) == []
    publish(actor=SYSTEM, policy=policy, now=NOW)
    give(brief, policy, "terminate", expires_at=NOW + 2 * DAY)
    publish(actor=SYSTEM, policy=policy, now=NOW + DAY)
    first = ResponseInForce(top.pk, None, process.pk, "ignore", "Top", 1)
    linked = ResponseInForce(top.pk, None, old.pk, "ignore", "Top", 1)
    assert ask([top.pk], NOW) == [first, linked]
    places = {(r.group_id, r.location_id, r.process_id) for r in ask([sub.pk], NOW + DAY)}
    assert places == {(sub.pk, at, p.pk) for at in (None, vpn.pk) for p in (process, old, brief)}
    assert {r.process_id for r in ask([sub.pk], NOW + 2 * DAY)} == {process.pk, old.pk}
    assert ask([top.pk], NOW - DAY) == []
    other = make_policy("Other", "Global", now=NOW + 3 * DAY)
    give(brief, other, "quarantine", now=NOW + 3 * DAY)
    publish(actor=SYSTEM, policy=other, now=NOW + 3 * DAY)
    set_inheritance(actor=SYSTEM, group=sub, inherits=False, now=NOW + 4 * DAY)
    assert ask([sub.pk], NOW + 4 * DAY) == []
    assert {r.policy_name for r in ask([sub.pk], NOW + 3 * DAY)} == {"Other"}
    assert ask([top.pk], NOW) == [first, linked], "what was ordered then does not move"


def test_ramp_facts_count_and_say_what_is_not_known() -> None:
    top, process, other = make_group("Global"), make_process(), make_process("b.exe", "b")
    ask = coverage.registered().ramp_facts
    nothing = ask([top.pk], NOW - DAY, NOW)
    assert (nothing.false_quarantines, nothing.median_decision_seconds) == (None, None)
    for one in (process, other):
        make_sighting(one, top, first_at=NOW - DAY)
    give(process, make_policy("Top", "Global"))
    quarantined = Action.objects.create(name="Quarantined", name_key="quarantined")
    for one, kind, count in (
        (process, EventType.POTENTIAL_RISK, 4),
        (other, EventType.SECURITY_RISK, 3),
        (process, EventType.ALLOWED, 9),
    ):
        DailyCount.objects.create(
            day=date(2026, 3, 1),
            group=top,
            process=one,
            event_type=kind,
            action=quarantined,
            rows=1,
            occurrences=count,
        )
    facts = ask([top.pk], NOW - DAY, NOW + DAY)
    assert (facts.open_processes, facts.covered_occurrences) == (1, 4)
    assert (facts.candidate_occurrences, facts.by_day) == (7, {date(2026, 3, 1): 7})
    assert (facts.decisions, facts.median_decision_seconds) == (1, 86_400)
    assert facts.false_quarantines == 13
