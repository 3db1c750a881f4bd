"""A rule and a person at the same moment: whatever the order, the person's word stands."""

from __future__ import annotations

from datetime import date

import pytest

from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.rules.act import tick
from exceptions_app.rules.sign import Terms, digest_of, save_rule, sign_rule
from exceptions_app.rules.simulate import simulate
from tests.concurrency.at_once import at_once
from tests.concurrency.test_decide import LATER
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from truscan import audit

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_ticks_and_a_person_leave_what_the_person_said() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Top", "Global")
    process = make_seen("tool.exe", "a", (make_group("Global"),), signer="Contoso")
    terms = Terms(
        name="ours",
        conditions={"signer": ["contoso"]},
        response="ignore",
        policies=[policy.pk],
        groups=[],
        reason="bought",
        review_on=date(2999, 1, 1),
    )
    rule = save_rule(actor=SYSTEM, user=user, terms=terms, now=NOW)
    shown = simulate(rule, user, NOW)
    sign_rule(actor=SYSTEM, user=user, rule=rule, digest=digest_of(rule), shown=shown, now=NOW)
    at_once(
        lambda: tick(NOW),
        lambda: give(process, policy, "quarantine", now=LATER),
        lambda: tick(LATER),
    )
    assert ProcessException.objects.get(retired_at=None).response == "quarantine"
    assert Decision.objects.filter(means="rule").count() <= 1
    assert audit.verify()[2] == []
