"""The one write path of the rules that ask for a second person, and what they say of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import BadValue
from exceptions_app.models.approval_rule import ACTS, OBSERVE, REMOVE, ApprovalRule
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.lint import Grade
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.lint import lint
from exceptions_app.policies.lint_facts import policy_facts
from exceptions_app.triage.kin import kin_ids
from truscan import audit
from truscan.classify import LABELS
from truscan.models.counts import ProcessSummary
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from truscan.access.actor import Actor

WORDS = dict(ACTS)
CLASSES = {str(word): label for word, label in LABELS.items()}


@transaction.atomic
def add_rule(
    *,
    actor: Actor,
    now: datetime,
    response: str = "",
    risk_class: str = "",
    computers_from: int | None = None,
    groups_from: int | None = None,
    grade: int | None = None,
    days: int = 7,
) -> ApprovalRule:
    """An equal rule is returned as it is. BadValue for one that says nothing, or no such word."""
    if response and response not in WORDS:
        raise BadValue(f"{response!r} is no response, nor observe or remove.")
    if risk_class and risk_class not in CLASSES:
        raise BadValue(f"{risk_class!r} is no class.")
    if grade is not None and grade not in Grade.values:
        raise BadValue("Give a grade from 1 to 3, or none.")
    if not 1 <= days <= DAYS_MAX:
        raise BadValue(f"A request is kept for 1 to {DAYS_MAX} days.")
    says = {
        "response": response,
        "risk_class": risk_class,
        "computers_from": computers_from,
        "groups_from": groups_from,
        "grade": grade,
    }
    if not any(value not in {"", None} for value in says.values()):
        raise BadValue("Say when a second person is needed: a rule without a condition is for all.")
    known = ApprovalRule.objects.filter(**says, days=days).first()
    if known is not None:
        return known
    rule = ApprovalRule.objects.create(**says, days=days, made_by_name=actor.name, made_at=now)
    audit.record("approval_rule.added", actor=actor, obj=rule, after={**says, "days": days})
    return rule


@transaction.atomic
def remove_rule(*, actor: Actor, rule: ApprovalRule) -> None:
    """Requests that were made under it stay. Idempotent."""
    row = ApprovalRule.objects.select_for_update().filter(pk=rule.pk).first()
    if row is None:
        return
    before = {"says": in_words(row), "days": row.days}
    audit.record("approval_rule.removed", actor=actor, obj=row, before=before)
    row.delete()


def in_words(rule: ApprovalRule) -> str:
    """ "Terminate · Keylogger · on 50 computers or more"."""
    told = [WORDS[rule.response]] if rule.response else []
    if rule.risk_class:
        told.append(CLASSES.get(rule.risk_class, rule.risk_class))
    if rule.computers_from is not None:
        told.append(f"on {rule.computers_from:,} computers or more")
    if rule.groups_from is not None:
        told.append(f"in {rule.groups_from:,} groups or more")
    if rule.grade is not None:
        told.append(f"lint finding of grade {Grade(rule.grade).label} or above")
    return " · ".join(str(one) for one in told)


def need_second(
    processes: Sequence[int], policies: Sequence[Policy], response: str, now: datetime
) -> dict[int, ApprovalRule]:
    """By process, the first rule for which giving it this response needs a second person.

    One query if there is no rule; spread and class are those of the whole estate, since a
    response reaches whatever the policies reach.
    """
    rules = [rule for rule in ApprovalRule.objects.all() if rule.response in {"", response}]
    if not rules or not processes or not policies:
        return {}
    grades = _grades(processes, policies, response, now) if any(r.grade for r in rules) else {}
    return _held(processes, rules, grades)


def need_second_to_remove(processes: Collection[int]) -> dict[int, ApprovalRule]:
    """By process, the first rule for which taking its exception away needs a second person. A rule
    with a grade of lint never holds: lint says nothing of what goes."""
    if not processes:
        return {}
    return _held(processes, [r for r in ApprovalRule.objects.all() if r.response in {"", REMOVE}])


def need_second_to_observe(
    processes: Collection[int], losing: Collection[int]
) -> dict[int, ApprovalRule]:
    """By process, the first rule for which observing it needs a second person; `losing` are those
    of them whose exception is taken away for it."""
    rules = list(ApprovalRule.objects.all())
    named = _held(processes, [rule for rule in rules if rule.response == OBSERVE])
    removing = _held(losing, [rule for rule in rules if rule.response in {"", REMOVE}])
    return {**removing, **named}


def _held(
    processes: Collection[int],
    rules: Sequence[ApprovalRule],
    grades: dict[int, int] | None = None,
) -> dict[int, ApprovalRule]:
    if not rules or not processes:
        return {}
    rows = ProcessSummary.objects.filter(pk__in=processes)
    facts = {row[0]: row[1:] for row in rows.values_list("pk", "risk_class", "computers", "groups")}
    found: dict[int, ApprovalRule] = {}
    for pk in processes:
        known = facts.get(pk, ("", 0, 0))
        grade = grades.get(pk, 0) if grades else 0
        rule = next((r for r in rules if _is_so(r, known, grade)), None)
        if rule is not None:
            found[pk] = rule
    return found


def _is_so(rule: ApprovalRule, facts: tuple[str, int, int], grade: int) -> bool:
    risk_class, computers, groups = facts
    return (
        rule.risk_class in {"", risk_class}
        and (rule.computers_from is None or computers >= rule.computers_from)
        and (rule.groups_from is None or groups >= rule.groups_from)
        and (rule.grade is None or grade >= rule.grade)
    )


def _grades(
    processes: Sequence[int], policies: Sequence[Policy], response: str, now: datetime
) -> dict[int, int]:
    """By process, the gravest finding that lint would have if the response were in the drafts."""
    known = list(Process.objects.filter(pk__in=processes))
    kin = {other for _, other in kin_ids(sorted(processes))} - set(processes)
    worst: dict[int, int] = {}
    for policy in policies:
        beside = ProcessException.objects.filter(policy=policy, process__in=kin, retired_at=None)
        rows = [
            *beside.select_related("process"),
            *(ProcessException(policy=policy, process=one, response=response) for one in known),
        ]
        for finding in lint(policy_facts(policy, now, rows)):
            if finding.process_id is not None:
                worst[finding.process_id] = max(worst.get(finding.process_id, 0), finding.grade)
    return worst


def said(found: dict[int, ApprovalRule]) -> list[str]:
    """The rules that hold, each once, with how many processes it is about."""
    counts: dict[str, int] = {}
    for rule in found.values():
        counts[in_words(rule)] = counts.get(in_words(rule), 0) + 1
    return [f"{words}: {n:,} process{'es' if n != 1 else ''}" for words, n in counts.items()]


def kept_for(found: dict[int, ApprovalRule]) -> int:
    """For how many days a request under these rules is kept: the shortest of them."""
    return min((rule.days for rule in found.values()), default=7)
