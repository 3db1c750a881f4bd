from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.errors import AlreadyUndone, TooLate
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Revision
from exceptions_app.models.watch import Watch
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import Result
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy, watch
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan.models.counts import FOREVER, NEVER, Sighting

pytestmark = pytest.mark.django_db


def take_back(result: Result) -> Result:
    assert result.decision is not None
    result.decision.refresh_from_db()
    return undo(actor=SYSTEM, decision=result.decision, now=NOW)


def active() -> list[str]:
    rows = ProcessException.objects.filter(retired_at=None)
    return list(rows.values_list("response", flat=True))


def test_it_leaves_none_where_there_was_none() -> None:
    policy, process = make_policy("Root", "My Company"), make_process()
    sighting = make_sighting(process, make_group("My Company"))
    first = give(process, policy)
    result = take_back(first)
    assert (result.applied, active()) == (1, [])
    assert result.decision is not None
    assert (result.decision.kind, result.decision.undoes) == ("undo", first.decision)
    sighting.refresh_from_db()
    assert sighting.covered_until == NEVER


def test_it_restores_the_exception_before() -> None:
    policy, process = make_policy(), make_process()
    give(process, policy, "ignore")
    take_back(give(process, policy, "terminate"))
    assert active() == ["ignore"]


def test_it_never_touches_a_revision() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy)
    revision = publish(actor=SYSTEM, policy=policy, now=NOW)
    take_back(first)
    assert list(Revision.objects.values_list("sha256", flat=True)) == [revision.sha256]


def test_it_respects_a_later_decision_and_says_so() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy, "ignore")
    give(process, policy, "quarantine")
    result = take_back(first)
    assert (result.applied, active()) == (0, ["quarantine"])
    assert result.skipped[0].code == "later_decision"
    assert "Quarantine by test" in result.skipped[0].why


def test_what_was_undone_does_not_come_back_with_a_later_undo() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy, "ignore")
    second = give(process, policy, "quarantine")
    take_back(first)
    take_back(second)
    assert active() == []


def test_a_repeat_by_somebody_else_in_a_larger_act_keeps_the_exception() -> None:
    policy, process, other = make_policy(), make_process(), make_process("b.exe", "b")
    first = give(process, policy)
    from exceptions_app.triage.decide import respond

    respond(
        actor=SYSTEM,
        processes=[process.pk, other.pk],
        policies=[policy],
        response="ignore",
        reason="both",
        now=NOW,
    )
    take_back(first)
    assert active() == ["ignore", "ignore"]


def test_an_undo_can_be_undone_and_again() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy)
    back = take_back(first)
    again = take_back(back)
    assert active() == ["ignore"]
    assert first.decision is not None
    first.decision.refresh_from_db()
    assert first.decision.undone_at is None
    third = take_back(first)
    assert active() == []
    assert third.decision is not None
    assert third.decision.undoes == again.decision


def test_it_happens_once_and_names_who_did_it() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy)
    take_back(first)
    with pytest.raises(AlreadyUndone, match="test undid this"):
        take_back(first)
    assert Decision.objects.filter(kind="undo").count() == 1


def test_it_ends_after_thirty_days() -> None:
    first = give(make_process(), make_policy())
    assert first.decision is not None
    with pytest.raises(TooLate):
        undo(actor=SYSTEM, decision=first.decision, now=NOW + timedelta(days=31))


def test_undoing_an_observation_ends_it_and_restores_the_exception() -> None:
    group = make_group("My Company")
    policy, process = make_policy("Root", "My Company"), make_process()
    sighting = make_sighting(process, group)
    give(process, policy)
    observed = watch(process, group)
    sighting.refresh_from_db()
    assert (sighting.covered_until, sighting.observed_until) == (NEVER, FOREVER)
    take_back(observed)
    sighting.refresh_from_db()
    assert (sighting.covered_until, sighting.observed_until) == (FOREVER, NEVER)
    assert not Watch.objects.filter(ended_at=None).exists()
    assert not Sighting.objects.open(NOW).exists()
