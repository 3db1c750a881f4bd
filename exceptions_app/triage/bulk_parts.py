"""One part of a bulk decision: what it writes, and what it leaves as it is and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from exceptions_app.errors import ExceptionsError, NotFound
from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import groups_touched, policies_in_force
from exceptions_app.policies.locks import lock_groups, lock_policies, share_tree
from exceptions_app.triage.decide import Result, hold_back, write_plan
from exceptions_app.triage.plan import Plan, Skip, plan
from exceptions_app.triage.standing import Standing, last_words
from exceptions_app.triage.undo import apply_part, pairs_of, part_of
from exceptions_app.triage.watching import Terms, observe_in
from exceptions_app.triage.write import Wording, extend_decision, write_ledger
from truscan.access.actor import Actor, Means
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.models.bulk import BulkJob

UNDO = "undo"
OUT_OF_SCOPE = "is not in the groups where you decide any more"


def actor_of(job: BulkJob) -> Actor:
    return Actor(job.actor_name, Means(job.means), job.actor_user)


def write_part(job: BulkJob, ids: Sequence[int], now: datetime) -> Result:
    """Settle these processes as a part of the job's decision, in the caller's transaction.

    Asked again for each part: may the person still, are the policies still there, what is visible
    to him. Whatever somebody decided since the person looked, or since the job was made, stays.
    Raises ExceptionsError when the job cannot go on.
    """
    if job.wanted["response"] == UNDO:
        return _undo(job, ids, now)
    visible = _in_scope(job, ids)
    gone = sorted(set(ids) - set(visible))
    places = job.wanted["policies"] or job.wanted["groups"]
    skips = [Skip(pk, None, None, OUT_OF_SCOPE, "out_of_scope") for pk in gone for _ in places]
    part = _observe if job.wanted["response"] == "observe" else _respond
    result = part(job, visible, now)
    result.skipped = [*skips, *result.skipped]
    return result


def _in_scope(job: BulkJob, ids: Sequence[int]) -> list[int]:
    found = Process.objects.filter(pk__in=ids)
    if job.actor_user is not None:
        found = found.visible_to(job.actor_user, "analyst")
    return list(found.order_by("pk").values_list("pk", flat=True))


def _require_right(job: BulkJob, groups: set[int]) -> None:
    user = job.actor_user
    if user is None:
        return
    if not (has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", groups)):
        raise ExceptionsError(
            f"{job.actor_name} may not write in all of these groups any more. What is done stays"
            " done; an analyst of these groups decides on the rest."
        )


def _respond(job: BulkJob, ids: Sequence[int], now: datetime) -> Result:
    wanted = job.wanted
    share_tree()
    locked = lock_policies(wanted["policies"])
    policies = list(locked.values())
    _require_right(job, groups_touched(policies))
    wording = Wording(
        wanted["response"],
        wanted["reason"],
        day_of(wanted["review_on"]),
        moment_of(wanted["expires_at"]),
        wanted.get("approver"),
    )
    made = plan(
        processes=ids,
        policies=policies,
        response=wording.response,
        review_on=wording.review_on,
        expires_at=wording.expires_at,
        seen_at=job.seen_at,
    )
    _respect_later(made, job.decision_id)
    if wording.approver_id is None:
        hold_back(made, policies, wording.response, now)
    return write_plan(made, wording, actor=actor_of(job), now=now, decision=job.decision)


def _respect_later(made: Plan, decision_id: int) -> None:
    """What was decided after the job was made keeps its word, also one that removed something."""
    if not made.writes:
        return
    for pair, word in last_words(list(made.writes), of_groups=False).items():
        if word.decision_id > decision_id:
            del made.writes[pair]
            made.refused.append(Skip(pair[0], pair[1], None, _later(word), "decided_meanwhile"))


def _later(word: Standing) -> str:
    return f"was decided meanwhile: {word}"


def _observe(job: BulkJob, ids: Sequence[int], now: datetime) -> Result:
    wanted = job.wanted
    groups = list(Group.objects.filter(pk__in=wanted["groups"]))
    if len(groups) < len(set(wanted["groups"])):
        raise NotFound("A group is not there any more. What is done stays done.")
    share_tree()
    lock_groups(group.pk for group in groups)
    in_force = policies_in_force([group.pk for group in groups])
    policies = lock_policies({row.policy_id for row in in_force if row.policy_id is not None})
    # As with a single act: only policies that lose something are written.
    held = Policy.objects.filter(
        pk__in=policies, exceptions__process__in=ids, exceptions__retired_at=None
    )
    touched = groups_touched(held.distinct())
    _require_right(job, touched | {group.pk for group in groups})
    later = _decided_later(ids, groups, policies, job.decision_id)
    skips = [
        Skip(pk, None, group.pk, _later(word), "decided_meanwhile")
        for pk, word in sorted(later.items())
        for group in groups
    ]
    result = observe_in(
        processes=[pk for pk in ids if pk not in later],
        groups=groups,
        policies=policies,
        terms=Terms(moment_of(wanted["until"]), wanted["tripwires"] or {}),
        reason=wanted["reason"],
        actor=actor_of(job),
        now=now,
        decision=job.decision,
        is_approved=wanted.get("approver") is not None,
    )
    result.skipped = [*skips, *result.skipped]
    return result


def _undo(job: BulkJob, ids: Sequence[int], now: datetime) -> Result:
    """The decision was turned when the job was made, so whatever is decided since is later."""
    root = Decision.objects.get(pk=job.wanted["root"])
    pairs = pairs_of(root, ids)
    groups = {group for _, group in pairs.on_groups}
    share_tree()
    lock_groups(groups)
    policies = lock_policies({policy for _, policy in pairs.on_policies})
    _require_right(job, groups | groups_touched(list(policies.values())))
    part = part_of(root, pairs)
    extend_decision(job.decision, part.items)
    apply_part(part, now)
    actor, target = actor_of(job), job.decision.undoes_id
    write_ledger("decision.undone", job.decision, part.items, actor=actor, undoes=target)
    applied = sum(1 for item in part.items if not item.skipped)
    return Result(job.decision, applied, part.skips)


def _decided_later(
    ids: Sequence[int], groups: Sequence[Group], policies: dict[int, Policy], decision_id: int
) -> dict[int, Standing]:
    """By process, a word of a later decision in one of these groups or policies."""
    on_groups = [(pk, group.pk) for pk in ids for group in groups]
    on_policies = [(pk, policy) for pk in ids for policy in policies]
    words = {
        **last_words(on_groups, of_groups=True),
        **(last_words(on_policies, of_groups=False) if policies else {}),
    }
    return {pair[0]: word for pair, word in words.items() if word.decision_id > decision_id}


def day_of(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def moment_of(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
