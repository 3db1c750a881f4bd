"""Two pairs of eyes: one person asks for an act, another one carries it out by approving it.

An act that can wait registers here; the request keeps what it needs. Nothing of the act is done
before it is approved, and it is done in the transaction of the approval, so that both or neither
stand. A request whose ground moved is not approved: it is asked for anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import AlreadySettled, NothingChosen, OutOfDate, SamePerson
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.decision import Decision
from exceptions_app.policies.effective import groups_touched
from exceptions_app.policies.locks import lock_groups, lock_policies, share_tree
from truscan import audit
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from django.contrib.auth.models import User

    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group

State = ApprovalRequest.State
# Who was not answered for so long asks anew, of what is so by then.
DAYS_MAX = 90


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of act that can wait.

    `digest` is the hash of what would be done at a moment, compared with that of the request;
    `carry_out` does it, in the transaction of the approval and with its policies locked, and
    returns what came of it as plain JSON values. `role` is needed for every group it touches.
    `what_changed` tells what is different from what was asked for. `is_draft` acts are about all
    of a draft, so who wrote last into it is no second person.
    """

    code: str
    label: str
    digest: Callable[[ApprovalRequest, datetime], str]
    carry_out: Callable[[ApprovalRequest, Actor, datetime], dict[str, Any]]
    role: str = "approver"
    what_changed: Callable[[ApprovalRequest, datetime], str] | None = None
    is_draft: bool = True


ACTS: dict[str, Act] = {}


def register(act: Act) -> None:
    """Called in `AppConfig.ready()`; the last one of a code counts."""
    ACTS[act.code] = act


@transaction.atomic
def ask(
    *,
    actor: Actor,
    act: str,
    subject: str,
    title: str,
    policies: Sequence[Policy],
    digest: str,
    now: datetime,
    groups: Sequence[Group] = (),
    asked: dict[str, Any] | None = None,
    because: Sequence[str] = (),
    reason: str = "",
    kept_for: timedelta | None = None,
) -> ApprovalRequest:
    """The open request for this act on this subject.

    An equal one that is open already is returned; one whose ground moved is withdrawn and
    replaced. After `kept_for` it expires. `groups` are touched beside those of the policies. Call
    it with the policies locked, or with none.
    """
    before = ApprovalRequest.objects.select_for_update().filter(
        act=act, subject=subject, state=State.OPEN
    )
    if (known := before.first()) is not None:
        is_over = known.expires_at is not None and known.expires_at <= now
        if known.digest == digest and not is_over:
            return known
        why = "its time was over" if is_over else "what it was about changed"
        _settle(known, State.WITHDRAWN, actor, now, f"asked for anew: {why}")
    request = ApprovalRequest.objects.create(
        act=act,
        subject=subject,
        title=title,
        asked=asked or {},
        because=list(because),
        digest=digest,
        reason=reason.strip().replace("\0", ""),
        requester_name=actor.name,
        requester=actor.user,
        requested_at=now,
        expires_at=now + kept_for if kept_for else None,
    )
    request.policies.set(policies)
    request.groups.set(groups)
    said = {"act": act, "digest": digest, "because": list(because)}
    audit.record("approval.requested", actor=actor, obj=request, after=said, reason=reason)
    return request


@transaction.atomic
def approve(
    *, actor: Actor, request: ApprovalRequest, now: datetime, comment: str = ""
) -> ApprovalRequest:
    """Carry out what was asked for, as the second person.

    Raises SamePerson for the requester, for who wrote last into one of the drafts, and for an
    actor without an account; AlreadySettled; OutOfDate when what would be done now is not what was
    asked for; and what the act itself raises. Then nothing is done and the request stays open.
    """
    share_tree()
    lock_groups(request.groups.values_list("pk", flat=True))
    here = set(request.policies.values_list("pk", flat=True))
    lock_policies(here | set(request.asked.get("in_force", ())))
    row = _open(request)
    if why := why_not(row, actor):
        raise SamePerson(why)
    act = ACTS[row.act]
    if why := why_stale(row, now):
        raise OutOfDate(f"{why} Look at it and ask anew.")
    row.result = act.carry_out(row, actor, now)
    return _settle(row, State.APPROVED, actor, now, comment)


@transaction.atomic
def decline(
    *, actor: Actor, request: ApprovalRequest, now: datetime, comment: str
) -> ApprovalRequest:
    """Say no, and why; AlreadySettled, NothingChosen without a reason."""
    if not comment.strip():
        raise NothingChosen("Say why: who asked has to know what to change.")
    return _settle(_open(request), State.DECLINED, actor, now, comment)


@transaction.atomic
def withdraw(
    *, actor: Actor, request: ApprovalRequest, now: datetime, comment: str = ""
) -> ApprovalRequest:
    """Take one's own request back; SamePerson for somebody else's, AlreadySettled."""
    row = _open(request)
    if (actor.user.pk if actor.user else None) != row.requester_id:
        raise SamePerson(f"Only {row.requester_name} withdraws it; decline it instead.")
    return _settle(row, State.WITHDRAWN, actor, now, comment)


def why_stale(request: ApprovalRequest, now: datetime) -> str:
    """Why what was asked for cannot be done any more; empty if it can."""
    if request.expires_at is not None and request.expires_at <= now:
        return f"The request expired on {request.expires_at:%Y-%m-%d %H:%M} UTC."
    act = ACTS[request.act]
    if act.digest(request, now) == request.digest:
        return ""
    what = act.what_changed(request, now) if act.what_changed else ""
    return what or (
        "What would be done now is not what was asked for: the draft, or what it stands on,"
        " changed since."
    )


@transaction.atomic
def expire_due(now: datetime) -> int:
    """Part of the tick: open requests whose time is over; how many. The ledger tells each."""
    rows = ApprovalRequest.objects.select_for_update(skip_locked=True)
    due = list(rows.filter(state=State.OPEN, expires_at__lte=now).order_by("pk")[:100])
    for row in due:
        _settle(row, State.EXPIRED, Actor.by_schedule(), now, "nobody answered in time")
    return len(due)


def why_not(request: ApprovalRequest, actor: Actor) -> str:
    """Why this actor cannot be the second person; empty if he can. Roles are the view's matter."""
    if actor.user is None:
        return "Approving needs an account: without one nobody knows that it is a second person."
    if actor.user.pk == request.requester_id:
        return "You asked for it: somebody else has to approve it."
    for policy in request.policies.all() if ACTS[request.act].is_draft else ():
        author = last_author(policy)
        if author is not None and author.actor_user_id == actor.user.pk:
            return f"You wrote the last change of {policy}: somebody else has to approve it."
    return ""


def may_settle(user: User, request: ApprovalRequest) -> bool:
    """The act's role for every group that it and its policies touch."""
    role = ACTS[request.act].role
    if sees_whole_estate(user, role):
        return True
    touched = groups_touched(request.policies.all())
    touched |= set(request.groups.values_list("pk", flat=True))
    return has_role_anywhere(user, role) and may_write_groups(user, role, touched)


def last_author(policy: Policy) -> Decision | None:
    """The newest decision that changed the draft."""
    return (
        Decision.objects.filter(items__policy=policy, items__skipped_because="")
        .order_by("-id")
        .first()
    )


def _open(request: ApprovalRequest) -> ApprovalRequest:
    row = ApprovalRequest.objects.select_for_update().get(pk=request.pk)
    if not row.is_open:
        how = f"{row.get_state_display().lower()} by {row.settled_by_name}"
        raise AlreadySettled(f"The request was {how}: there is nothing to do any more.")
    return row


def _settle(
    row: ApprovalRequest, state: str, actor: Actor, now: datetime, comment: str
) -> ApprovalRequest:
    row.state, row.settled_at, row.comment = state, now, comment.strip().replace("\0", "")
    row.settled_by, row.settled_by_name = actor.user, actor.name
    row.save()
    audit.record(
        f"approval.{state}",
        actor=actor,
        obj=row,
        before={"requester": row.requester_name},
        after={"act": row.act, "digest": row.digest, "result": row.result},
        reason=row.comment,
    )
    return row
