from __future__ import annotations

from datetime import date, timedelta

import pytest

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.publish import publish
from exceptions_app.triage.amend import Terms, amend
from exceptions_app.triage.decide import Result
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting, make_user
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent

pytestmark = pytest.mark.django_db

JUNE = date(2026, 6, 1)


def active() -> ProcessException:
    return ProcessException.objects.select_related("owner").get(retired_at=None)


def change(row: ProcessException, reason: str = "still needed", **new: object) -> Result:
    kept = {
        "owner": row.owner,
        "review_on": row.review_on,
        "expires_at": row.expires_at,
        "why": row.reason,
    }
    terms = {row.pk: Terms(**{**kept, **new})}  # type: ignore[arg-type]
    return amend(actor=SYSTEM, terms=terms, reason=reason, now=NOW)


def test_terms_change_as_one_decision_that_undo_takes_back() -> None:
    policy, process = make_policy("Root", "My Company"), make_process()
    sighting = make_sighting(process, make_group("My Company"))
    anna = make_user("anna", "analyst")
    give(process, policy, actor=Actor.on_web(anna))
    first = active()
    assert first.owner == anna
    published = publish(actor=SYSTEM, policy=policy, now=NOW)
    end = NOW + timedelta(days=9)
    done = change(first, owner=None, review_on=JUNE, expires_at=end, why="ERP until June")
    row = active()
    assert (row.owner, row.review_on, row.expires_at, row.reason) == (
        None,
        JUNE,
        end,
        "ERP until June",
    )
    assert (row.response, row.evidence, row.author_name) == ("ignore", first.evidence, "test")
    sighting.refresh_from_db()
    assert sighting.covered_until == end
    assert done.decision is not None
    item = done.decision.items.get()
    assert (item.before_id, item.after_id) == (first.pk, row.pk)
    told = AuditEvent.objects.order_by("-id")[0]
    assert (told.code, (told.after or {})["review_on"]) == ("decision.amended", "2026-06-01")
    assert change(row).decision is None
    undo(actor=SYSTEM, decision=done.decision, now=NOW)
    assert (active().pk, active().owner) == (first.pk, anna)
    published.refresh_from_db()
    assert publish(actor=SYSTEM, policy=policy, now=NOW) == published


def test_an_undo_of_the_decision_before_respects_it() -> None:
    policy, process = make_policy(), make_process()
    first = give(process, policy)
    change(active(), review_on=JUNE)
    assert first.decision is not None
    result = undo(actor=SYSTEM, decision=first.decision, now=NOW)
    assert (result.applied, active().review_on) == (0, JUNE)


def test_it_refuses_what_makes_no_sense_and_changes_nothing() -> None:
    policy = make_policy("Sales", "My Company\\Sales")
    give(make_process(), policy, expires_at=NOW + timedelta(days=1))
    row = active()
    stranger = make_user("stranger", "analyst", make_group("My Company\\Lab"))
    closed = make_user("closed", "analyst")
    closed.is_active = False
    closed.save()
    for wrong in (
        {"owner": stranger},
        {"owner": closed},
        {"expires_at": NOW},
        {"expires_at": NOW.replace(year=9999)},
        {"review_on": date.max},
        {"review_on": NOW.date() - timedelta(days=1)},
    ):
        with pytest.raises(BadValue):
            change(row, **wrong)
    for empty in ({"reason": " "}, {"why": "\t"}):
        with pytest.raises(NothingChosen):
            change(row, **empty)
    with pytest.raises(NothingChosen):
        amend(actor=SYSTEM, terms={}, reason="x", now=NOW)
    with pytest.raises(NotFound):
        amend(actor=SYSTEM, terms={0: Terms.of(row)}, reason="x", now=NOW)
    assert active().pk == row.pk
    change(row, review_on=JUNE)
    again = change(row, review_on=None)
    assert (again.decision, [s.code for s in again.skipped]) == (None, ["already_removed"])
    assert Decision.objects.filter(kind="amend").count() == 1
