from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.triage.watching import end_watch, observe, return_due
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_computer, make_group, make_process, make_sighting
from truscan import coverage
from truscan.models.counts import FOREVER, NEVER, Sighting
from truscan.models.presence import Presence

pytestmark = pytest.mark.django_db


def test_it_holds_for_the_group_and_below_and_nowhere_else() -> None:
    top, sub = make_group("Global\\Sales"), make_group("Global\\Sales\\East")
    beside = make_group("Global\\Sales 2")
    process = make_process()
    for group in (top, sub, beside):
        make_sighting(process, group)
    result = watch(process, top)
    assert (result.applied, result.skipped, result.notes) == (1, [], [])
    until = dict(Sighting.objects.values_list("group__name", "observed_until"))
    assert until == {"Sales": FOREVER, "East": FOREVER, "Sales 2": NEVER}


def test_it_notes_what_was_counted_when_it_began() -> None:
    top, sub = make_group("Global"), make_group("Global\\Sales")
    process = make_process()
    make_sighting(process, top, occurrences=3)
    make_sighting(process, sub, occurrences=4)
    for name, group in (("pc1", top), ("pc1", sub), ("pc2", sub)):
        Presence.objects.create(
            process=process,
            computer=make_computer(name + group.name, group),
            group=group,
            first_at=NOW,
            last_at=NOW,
            rows=1,
            occurrences=1,
        )
    watch(process, top, tripwires={"occurrences": 10})
    assert Watch.objects.get().baseline == {
        "occurrences": 7,
        "computers": 3,
        "groups": 2,
        "hashes": 0,
    }


def test_it_removes_the_exceptions_first_and_says_so() -> None:
    group, beside = make_group("Global\\Sales"), make_group("Global\\Plant")
    policy = make_policy("Both", "Global\\Sales", "Global\\Plant")
    process = make_process()
    for place in (group, beside):
        make_sighting(process, place)
    give(process, policy)
    result = watch(process, group)
    assert result.replaced == 1
    assert result.notes == [
        "Exceptions removed first: 1, from Both.",
        "These policies are in force in 1 more groups: removed there too.",
    ]
    assert not ProcessException.objects.filter(retired_at=None).exists()
    assert [s.group for s in Sighting.objects.open(NOW)] == [beside]


def test_it_does_nothing_the_second_time_and_replaces_other_terms() -> None:
    group, process = make_group("Global"), make_process()
    watch(process, group)
    again = watch(process, group)
    assert (again.decision, again.skipped[0].code) == (None, "already_observed")
    watch(process, group, until=NOW + timedelta(days=3))
    assert Watch.objects.count() == 2
    assert Watch.objects.get(ended_at=None).until == NOW + timedelta(days=3)


def test_a_date_bounds_it_without_any_job() -> None:
    group, process = make_group("Global"), make_process()
    make_sighting(process, group)
    day = NOW + timedelta(days=3)
    watch(process, group, until=day)
    assert not Sighting.objects.open(day - timedelta(seconds=1)).exists()
    assert Sighting.objects.open(day).exists()
    assert return_due(day - timedelta(seconds=1)) == 0
    assert return_due(day) == 1
    assert return_due(day) == 0
    assert Watch.objects.get().returned_because == "the date came: 2026-03-05 09:00 UTC"


def test_a_person_can_end_it() -> None:
    group, process = make_group("Global"), make_process()
    make_sighting(process, group)
    watch(process, group)
    pk = Watch.objects.get().pk
    assert end_watch(actor=SYSTEM, watches=[pk], reason="known now", now=NOW).applied == 1
    assert Sighting.objects.get().observed_until == NEVER
    again = end_watch(actor=SYSTEM, watches=[pk], reason="known now", now=NOW)
    assert (again.decision, again.skipped[0].code) == (None, "not_observed")
    with pytest.raises(NotFound):
        end_watch(actor=SYSTEM, watches=[pk + 1], reason="x", now=NOW)


def test_it_rejects_what_makes_no_sense() -> None:
    group, process = make_group("Global"), make_process()
    for more in (
        {"until": NOW},
        {"tripwires": {"moon": 1}},
        {"tripwires": {"computers": 0}},
        {"tripwires": {"computers": "3"}},
    ):
        with pytest.raises(BadValue):
            watch(process, group, **more)
    with pytest.raises(NothingChosen):
        observe(actor=SYSTEM, processes=[], groups=[group], reason="x", now=NOW)
    result = observe(actor=SYSTEM, processes=[999_999], groups=[group], reason="x", now=NOW)
    assert (result.decision, result.skipped[0].code) == (None, "unknown_process")


def test_new_groups_and_new_builds_bring_it_back_and_say_what_changed(
    django_capture_on_commit_callbacks: Any,
) -> None:
    def fold(*sightings: Sighting) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            coverage.registered().after_fold([row.pk for row in sightings], NOW)

    top, east = make_group("Global\\Sales"), make_group("Global\\Sales\\East")
    beside = make_group("Global\\Plant")
    same: dict[str, Any] = {"signer": "Contoso CA", "generic_path": "C:\\T\\tool.exe"}
    process = make_seen("tool.exe", "a", (top,), **same)
    watch(process, top, tripwires={"hashes": 1})
    forged = make_seen("tool.exe", "d", (top,), **{**same, "signer": "Eve"})
    build = make_seen("TOOL.EXE", "b", (beside,), **same)
    fold(*forged.sightings.all(), *build.sightings.all(), make_sighting(process, beside))
    assert Watch.objects.get().ended_at is None, "another signer; another place"
    fold(make_sighting(build, east))
    back = Watch.objects.get()
    assert back.returned_because == "1 new hash of the same program; the tripwire was 1"
    assert back.changed == [f"1 new hash of the same program: {build.hash}"]
    assert Sighting.objects.get(process=process, group=top).observed_until == NEVER
    watch(process, top, tripwires={"groups": 1, "occurrences": 100})
    fold(make_sighting(process, east, occurrences=7))
    back = Watch.objects.latest("pk")
    assert back.returned_because == "1 new group; the tripwire was 1"
    assert back.changed == ["7 more detections", "1 new group: Global\\Sales\\East"]
