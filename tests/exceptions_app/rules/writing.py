"""Short forms for tests of rules: terms, writing, signing, and what they decided."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.rule import Rule
from exceptions_app.rules.sign import Terms, digest_of, save_rule, sign_rule
from exceptions_app.rules.simulate import simulate
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.policy import Policy

SALES, LABS = "My Company\\Sales", "My Company\\Labs"
LATER = NOW + timedelta(hours=2)
CONTOSO = {"signer": ["contoso"]}


def terms(*policies: Policy, **more: Any) -> Terms:
    told: dict[str, Any] = {
        "name": "Contoso is ours",
        "conditions": CONTOSO,
        "response": "ignore",
        "policies": [policy.pk for policy in policies],
        "groups": [],
        "reason": "bought software",
        "review_on": date(2027, 1, 1),
    }
    return Terms(**{**told, **more})


def write(user: User, *policies: Policy, **more: Any) -> Rule:
    return save_rule(actor=SYSTEM, user=user, terms=terms(*policies, **more), now=NOW)


def sign(user: User, rule: Rule) -> None:
    rule.refresh_from_db()
    shown = simulate(rule, user, NOW)
    sign_rule(actor=SYSTEM, user=user, rule=rule, digest=digest_of(rule), shown=shown, now=NOW)


def signed(user: User, *policies: Policy, **more: Any) -> Rule:
    rule = write(user, *policies, **more)
    sign(user, rule)
    return rule


def ours(name: str, digit: str, *paths: str, **more: Any) -> Process:
    groups = tuple(make_group(path) for path in paths or (SALES,))
    return make_seen(name, digit, groups, signer="Contoso", **more)


def active(policy: Policy) -> set[str]:
    rows = ProcessException.objects.filter(policy=policy, retired_at=None)
    return set(rows.values_list("process__name", flat=True))
