"""The one write path of rules: write down, sign, let a large batch through, switch off, stop.

A person writes a draft and looks at its simulation; signing names the digest of the terms that he
looked at, so that nobody signs what somebody else changed meanwhile. Changed terms are a draft
again. Every act is a line of the ledger.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import BadValue, NotFound, NotOn, OutOfDate
from exceptions_app.models.policy import Policy, Response
from exceptions_app.models.rule import Rule, RuleSigning
from exceptions_app.rules.conditions import checked
from exceptions_app.rules.match import candidates, places_written
from exceptions_app.triage.decide import checked_reason
from truscan import audit
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from exceptions_app.rules.simulate import Simulation
    from truscan.access.actor import Actor

NAME_MAX = 80
RESPONSES = (*Response.values, "observe")
# More than that at once is no batch that somebody has looked at.
MOST_MAX = 5_000
PRIORITY_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a rule says. `policies` for a response, `groups` for "observe" (ids)."""

    name: str
    conditions: dict[str, Any]
    response: str
    policies: Sequence[int]
    groups: Sequence[int]
    reason: str
    review_on: date
    priority: int = 100
    most: int = 50


def terms_of(rule: Rule) -> Terms:
    return Terms(
        name=rule.name,
        conditions=rule.conditions,
        response=rule.response,
        policies=sorted(rule.policies.values_list("pk", flat=True)),
        groups=sorted(rule.groups.values_list("pk", flat=True)),
        reason=rule.reason,
        review_on=rule.review_on,
        priority=rule.priority,
        most=rule.most,
    )


def canonical(rule: Rule) -> str:
    """The same text for the same terms; what is signed."""
    return json.dumps(asdict(terms_of(rule)), sort_keys=True, separators=(",", ":"), default=str)


def digest_of(rule: Rule) -> str:
    return hashlib.sha256(canonical(rule).encode()).hexdigest()


def may_write(user: User, rule: Rule) -> bool:
    """True if a person could give every response by hand that the rule would give."""
    if not user.is_active or not has_role_anywhere(user, "analyst"):
        return False
    return may_write_groups(user, "analyst", places_written(rule))


def _refuse_foreign(user: User, rule: Rule) -> None:
    if not may_write(user, rule):
        raise BadValue(
            "The rule would write policies or groups outside yours. Choose among your own, or ask"
            " an analyst of those groups."
        )


@transaction.atomic
def save_rule(
    *, actor: Actor, user: User, terms: Terms, now: datetime, rule: Rule | None = None
) -> Rule:
    """Write a rule down as a draft; an equal call changes nothing, not even a signed one.

    Raises BadValue, NothingChosen without a reason, NotFound for a policy or group that is gone.
    """
    terms = _checked(terms, now, rule)
    before: dict[str, Any] | None = None
    if rule is not None:
        rule = Rule.objects.select_for_update().get(pk=rule.pk)
        _refuse_foreign(user, rule)
        before = json.loads(canonical(rule))
        if terms_of(rule) == terms:
            return rule
    else:
        rule = Rule(owner=user, created_at=now)
    rule.name, rule.conditions, rule.response = terms.name, terms.conditions, terms.response
    rule.reason, rule.review_on = terms.reason, terms.review_on
    rule.priority, rule.most = terms.priority, terms.most
    rule.state, rule.said, rule.allowed, rule.changed_at = Rule.State.DRAFT, "", 0, now
    rule.save()
    rule.policies.set(terms.policies)
    rule.groups.set(terms.groups)
    _refuse_foreign(user, rule)
    code = "rule.changed" if before else "rule.written"
    audit.record(code, actor=actor, obj=rule, before=before, after=json.loads(canonical(rule)))
    return rule


def _checked(terms: Terms, now: datetime, rule: Rule | None) -> Terms:
    name = terms.name.replace("\0", "").strip()
    if not name or len(name) > NAME_MAX:
        raise BadValue(f"Give the rule a name of at most {NAME_MAX} characters.")
    others = Rule.objects.filter(name__iexact=name)
    if (others.exclude(pk=rule.pk) if rule else others).exists():
        raise BadValue(f"There is a rule {name!r} already: give another name.")
    if terms.response not in RESPONSES:
        raise BadValue(f"{terms.response!r} is none of {', '.join(RESPONSES)}.")
    is_observe = terms.response == "observe"
    policies = [] if is_observe else sorted(set(terms.policies))
    groups = sorted(set(terms.groups)) if is_observe else []
    if not policies and not groups:
        raise BadValue(f"Choose at least one {'group' if is_observe else 'policy'}.")
    if Policy.objects.filter(pk__in=policies).count() < len(policies):
        raise NotFound("A policy is not there any more: reload the page and choose again.")
    if Group.objects.filter(pk__in=groups).count() < len(groups):
        raise NotFound("A group is not there any more: reload the page and choose again.")
    if terms.review_on <= now.date():
        raise BadValue("The review date must lie ahead: a rule that nobody reviews stops.")
    if not 1 <= terms.most <= MOST_MAX or not 1 <= terms.priority <= PRIORITY_MAX:
        raise BadValue(f"At once 1 to {MOST_MAX}, priority 1 to {PRIORITY_MAX}.")
    return Terms(
        name=name,
        conditions=checked(terms.conditions),
        response=terms.response,
        policies=policies,
        groups=groups,
        reason=checked_reason(terms.reason),
        review_on=terms.review_on,
        priority=terms.priority,
        most=terms.most,
    )


@transaction.atomic
def sign_rule(
    *, actor: Actor, user: User, rule: Rule, digest: str, shown: Simulation, now: datetime
) -> RuleSigning:
    """Switch the rule on under this person's name. `digest` is that of the terms that he looked
    at, `shown` the simulation; so many as it showed for now may be decided at once. Who signs owns
    it from then on, so that a rule whose owner left finds another.

    Raises OutOfDate if the terms changed meanwhile, BadValue outside his groups.
    """
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if digest_of(rule) != digest:
        raise OutOfDate("The rule was changed meanwhile: look at it and its simulation again.")
    if rule.is_on:
        raise OutOfDate("The rule is on already.")
    if rule.review_on <= now.date():
        raise BadValue("Its review date has passed: change it to a day ahead, then sign.")
    _refuse_foreign(user, rule)
    last = rule.signings.order_by("-version").values_list("version", flat=True).first() or 0
    signing = RuleSigning.objects.create(
        rule=rule,
        version=last + 1,
        terms=canonical(rule),
        digest=digest,
        signer=user,
        signer_name=user.get_username(),
        signed_at=now,
        shown={name: shown.as_json()[name] for name in ("matches", "agree", "contradict", "now")},
    )
    rule.state, rule.said, rule.seen = Rule.State.ON, "", {}
    rule.allowed, rule.owner = shown.now, user
    rule.save(update_fields=["state", "said", "seen", "allowed", "owner"])
    audit.record(
        "rule.signed",
        actor=actor,
        obj=rule,
        after={"version": signing.version, "digest": digest, **signing.shown},
        reason=rule.reason,
    )
    return signing


@transaction.atomic
def allow_batch(*, actor: Actor, user: User, rule: Rule, count: int, now: datetime) -> Rule:
    """Let a rule that asks decide up to `count` processes once. NotOn if it does not ask."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if rule.state != Rule.State.ASKING:
        raise NotOn("The rule does not wait for anything: reload the page.")
    _refuse_foreign(user, rule)
    matched = len(candidates(rule, now))
    if count < matched:
        raise OutOfDate(f"It is {matched:,} processes now: look at them again.")
    rule.state, rule.said, rule.allowed, rule.seen = Rule.State.ON, "", count, {}
    rule.save(update_fields=["state", "said", "allowed", "seen"])
    audit.record("rule.allowed", actor=actor, obj=rule, after={"processes": count})
    return rule


@transaction.atomic
def switch_off(*, actor: Actor, rule: Rule, reason: str = "") -> Rule:
    """It acts no more; what it decided stays, and is undone as any decision. Repeating is fine."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if rule.state == Rule.State.OFF:
        return rule
    before, rule.state, rule.said = rule.state, Rule.State.OFF, ""
    rule.save(update_fields=["state", "said"])
    audit.record(
        "rule.switched_off", actor=actor, obj=rule, before={"state": before}, reason=reason
    )
    return rule
