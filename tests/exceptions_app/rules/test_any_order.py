"""Whatever happens in whatever order, no rule touches what a person touched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.rules.act import tick
from exceptions_app.rules.sign import switch_off
from exceptions_app.triage.decide import retire
from exceptions_app.triage.undo import undo
from tests.cases import cases
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.rules.writing import SALES, ours, sign, signed
from tests.make import NOW, SYSTEM, make_group, make_user
from truscan.models.process import Process

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["give", "undo", "retire", "watch", "tick", "again"]), st.integers(0, 2)
    ),
    max_size=9,
)


@given(acts=ACTS)
@settings(
    max_examples=cases(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.django_db
def test_whatever_happens_no_rule_touches_what_a_person_touched(
    acts: list[tuple[str, int]],
) -> None:
    with transaction.atomic():
        user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
        group = make_group(SALES)
        processes = [ours(f"t{n}.exe", "abc"[n]) for n in range(3)]
        rule = signed(user, policy)
        touched: set[int] = set()
        for step, (act, number) in enumerate(acts):
            now, process = NOW + timedelta(hours=2 * step), processes[number]
            if act == "tick":
                before = DecisionItem.objects.count()
                tick(now)
                new = DecisionItem.objects.order_by("pk")[before:]
                assert touched.isdisjoint(new.values_list("process", flat=True))
                continue
            if act == "again":
                switch_off(actor=SYSTEM, rule=rule)
                sign(user, rule)
                continue
            touched |= _by_hand(act, process, policy, group, now)
        transaction.set_rollback(True)


def _by_hand(act: str, process: Process, policy: Policy, group: Any, now: Any) -> set[int]:
    """Processes that a person touched by the act."""
    if act == "undo":
        last = Decision.objects.filter(undone_at=None).order_by("-pk").first()
        if last is None:
            return set()
        undo(actor=SYSTEM, decision=last, now=now)
        return set(last.items.values_list("process", flat=True))
    if act == "retire":
        rows = ProcessException.objects.filter(process=process, retired_at=None)
        ids = list(rows.values_list("pk", flat=True))
        if ids:
            retire(actor=SYSTEM, exceptions=ids, reason="no", now=now)
        return {process.pk} if ids else set()
    done = (
        give(process, policy, "quarantine", now=now)
        if act == "give"
        else watch(process, group, now=now)
    )
    return {process.pk} if done.decision else set()
