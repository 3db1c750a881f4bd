"""A part of the tick: signed rules decide what matches them, in the order of their priority.

A rule is looked at when an import ended, suggestions were made anew, it was signed, or an hour has
passed; else it costs nothing. It acts through the write paths of people, under the name of the rule
and of who signed it, and only where that person still may.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Greatest
from django.urls import reverse

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.rule import Rule, RuleAct, RuleSigning
from exceptions_app.models.suggestion import SuggestionState
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.policies.locks import lock_groups, lock_policies, share_tree
from exceptions_app.rules.match import candidates, reach
from exceptions_app.rules.sign import digest_of, may_write
from exceptions_app.triage.decide import Result, respond
from exceptions_app.triage.watching import observe
from truscan import audit
from truscan.access.actor import Actor, Means
from truscan.delivery import outbox
from truscan.models.delivery import OutboxMessage
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from exceptions_app.models.decision import Decision

LOOK_EVERY = timedelta(hours=1)
NO_RIGHTS = (
    "{name}, who signed it, may not decide in all its groups any more. Somebody who may can look at"
    " it and sign it."
)


def tick(now: datetime) -> int:
    """How many rules decided something. Doubled or missed it changes nothing: what is decided does
    not match again."""
    rules = list(Rule.objects.filter(state=Rule.State.ON).order_by("priority", "pk"))
    if not rules:
        return 0
    news = _news()
    return sum(_look(rule.pk, news, now) for rule in rules if _is_due(rule, news, now))


def _news() -> dict[str, Any]:
    moment = Greatest(Max("finished_at"), Max("withdrawn_at"))
    imported = LogImport.objects.aggregate(at=moment)["at"]
    state = SuggestionState.objects.filter(pk=1).values_list("made_at", flat=True).first()
    return {
        "imported": imported.isoformat() if imported else "",
        "suggested": state.isoformat() if state else "",
    }


def _is_due(rule: Rule, news: dict[str, Any], now: datetime) -> bool:
    at = rule.seen.get("at")
    if not at or {name: rule.seen.get(name) for name in news} != news:
        return True
    return now >= datetime.fromisoformat(at) + LOOK_EVERY


@transaction.atomic
def _look(pk: int, news: dict[str, Any], now: datetime) -> bool:
    """Look at one rule; True if it decided something."""
    rule = Rule.objects.select_for_update().get(pk=pk)
    signing = rule.signings.select_related("signer").order_by("-version").first()
    if not rule.is_on or signing is None:
        return False
    if why := _why_not(rule, signing, now):
        _stop(rule, why, now)
        return False
    _lock(rule)
    found = candidates(rule, now)
    rule.seen, rule.matched = {"at": now.isoformat(), **news}, len(found)
    rule.save(update_fields=["seen", "matched"])
    if not found:
        return False
    if len(found) > max(rule.most, rule.allowed):
        _ask(rule, len(found), now)
        return False
    try:
        with transaction.atomic():
            decision = _decide(rule, signing, found, now)
            if decision is None:
                return False
            RuleAct.objects.create(signing=signing, decision=decision)
    except ExceptionsError as refused:
        _stop(rule, f"It could not decide: {refused}", now)
        return False
    Rule.objects.filter(pk=pk).update(allowed=0)
    return True


def _why_not(rule: Rule, signing: RuleSigning, now: datetime) -> str:
    """Why the rule must stop; empty if it may act."""
    if digest_of(rule) != signing.digest:
        return "What was signed is not what it says now: a policy or group of it is gone. Sign it."
    if rule.review_on <= now.date():
        return f"Its review date, {rule.review_on}, has come: look at it and sign it anew."
    if not may_write(signing.signer, rule):
        return NO_RIGHTS.format(name=signing.signer_name)
    return ""


def _lock(rule: Rule) -> None:
    """What a person decides of these policies at the same moment is seen before matching."""
    share_tree()
    if rule.response == "observe":
        lock_groups(rule.groups.values_list("pk", flat=True))
        places = policies_in_force(reach(rule))
        lock_policies(place.policy_id for place in places if place.policy_id is not None)
    else:
        lock_policies(rule.policies.values_list("pk", flat=True))


def _decide(rule: Rule, signing: RuleSigning, found: list[int], now: datetime) -> Decision | None:
    name = f"rule {rule.name}, signed by {signing.signer_name}"
    actor = Actor(name[:255], Means.RULE, signing.signer)
    reason = f"Rule {rule.name}, version {signing.version}: {rule.reason}"
    done: Result
    if rule.response == "observe":
        done = observe(
            actor=actor, processes=found, groups=list(rule.groups.all()), reason=reason, now=now
        )
    else:
        done = respond(
            actor=actor,
            processes=found,
            policies=list(rule.policies.all()),
            response=rule.response,
            reason=reason,
            now=now,
        )
    return done.decision


def _ask(rule: Rule, found: int, now: datetime) -> None:
    rule.state = Rule.State.ASKING
    rule.said = (
        f"It matches {found:,} processes at once, more than its {rule.most:,}. Look at them, then"
        " let it go on or change it."
    )
    rule.save(update_fields=["state", "said"])
    _tell_owner(rule, now)
    actor = Actor.by_schedule()
    audit.record("rule.asked", actor=actor, obj=rule, after={"matched": found, "most": rule.most})


def _stop(rule: Rule, why: str, now: datetime) -> None:
    rule.state, rule.said = Rule.State.STOPPED, why
    rule.save(update_fields=["state", "said"])
    _tell_owner(rule, now)
    audit.record("rule.stopped", actor=Actor.by_schedule(), obj=rule, reason=why)


def _tell_owner(rule: Rule, now: datetime) -> None:
    """By e-mail if there is an address; the rail and the page tell it in any case."""
    if not rule.owner.email or not rule.owner.is_active:
        return
    path = reverse("rule", args=[rule.pk])
    outbox.put(
        [
            OutboxMessage(
                key=f"rule:{rule.pk}:{rule.state}:{now.isoformat()}",
                channel=OutboxMessage.Channel.EMAIL,
                recipient=rule.owner,
                address=rule.owner.email,
                subject=f"Rule {rule.name}: {rule.get_state_display().lower()}",
                body=f"{rule.said}\n\n{settings.BASE_URL}{path}\n",
                link=path,
                due_at=now,
            )
        ]
    )
