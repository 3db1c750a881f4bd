"""What a request to decide stands on: what stood when it was made, and what moved since."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from exceptions_app.errors import OutOfDate
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from exceptions_app.policies.effective import groups_touched
from truscan import audit
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from exceptions_app.models.approval import ApprovalRequest

NAMED = 3


def standing(asked: dict[str, Any]) -> dict[str, Any]:
    """What the act would replace, remove or be refused for: exceptions by "process:policy",
    observations by "process:group", and those of the processes that cannot be excepted.

    With `exceptions` only those are looked at, else all of `processes` in `policies`, or in all
    that are `in_force`.
    """
    rows = ProcessException.objects.filter(retired_at=None)
    if "exceptions" in asked:
        rows = rows.filter(pk__in=asked["exceptions"])
    else:
        policies = asked.get("in_force", asked["policies"])
        rows = rows.filter(process__in=asked["processes"], policy__in=policies)
    listed = Process.objects.filter(pk__in=asked["processes"], on_symantec_list=True)
    pairs = rows.order_by("process", "policy").values_list("process", "policy", "pk")
    told: dict[str, Any] = {
        "exceptions": {f"{process}:{policy}": pk for process, policy, pk in pairs},
        "listed": sorted(listed.values_list("pk", flat=True)),
    }
    if "groups" in asked:
        watches = Watch.objects.filter(
            process__in=asked["processes"], group__in=asked["groups"], ended_at=None
        ).order_by("process", "group")
        opened = watches.values_list("process", "group", "pk")
        told["watches"] = {f"{process}:{group}": pk for process, group, pk in opened}
    return told


def sha256(value: object) -> str:
    return hashlib.sha256(audit.canonical_json(value).encode()).hexdigest()


def digest_now(request: ApprovalRequest, now: datetime) -> str:
    return sha256({**request.asked, "standing": standing(request.asked)})


def what_changed(request: ApprovalRequest, now: datetime) -> str:
    """What somebody decided since, by whom and when; the first three by name."""
    then, today = request.asked["standing"], standing(request.asked)
    moved = _moved(then["exceptions"], today["exceptions"])
    told = [_exception_told(pair, today["exceptions"].get(pair)) for pair in moved[:NAMED]]
    watched = _moved(then.get("watches", {}), today.get("watches", {}))
    told += [_watch_told(pair, today["watches"].get(pair)) for pair in watched[:NAMED]]
    fresh = sorted(set(today["listed"]) - set(then["listed"]))
    told += [f"{_name(pk)} is on Symantec's own list by now." for pk in fresh[:NAMED]]
    rest = len(moved) + len(watched) + len(fresh) - len(told)
    if rest > 0:
        told.append(f"And {rest:,} more.")
    return " ".join(["Somebody decided meanwhile.", *told]) if told else ""


def _moved(then: dict[str, int], today: dict[str, int]) -> list[str]:
    return [pair for pair in sorted({**then, **today}) if then.get(pair) != today.get(pair)]


def _exception_told(pair: str, pk: int | None) -> str:
    process, policy = (int(part) for part in pair.split(":"))
    row = ProcessException.objects.filter(pk=pk or 0).first()
    what = "its exception was removed or changed"
    if row is not None:
        when = f"{row.created_at:%Y-%m-%d %H:%M} UTC"
        what = f"{row.get_response_display()} by {row.author_name} on {when}"
    return f"{_name(process)} in {Policy.objects.filter(pk=policy).first()}: {what}."


def _watch_told(pair: str, pk: int | None) -> str:
    process, group = (int(part) for part in pair.split(":"))
    row = Watch.objects.filter(pk=pk or 0).select_related("decision").first()
    what = "its observation ended"
    if row is not None:
        what = f"observed by {row.decision.actor_name} on {row.started_at:%Y-%m-%d %H:%M} UTC"
    return f"{_name(process)} in {Group.objects.filter(pk=group).first()}: {what}."


def _name(pk: int) -> str:
    return str(Process.objects.filter(pk=pk).first() or "A process")


def named(processes: Sequence[int]) -> str:
    """The one process by name, or how many."""
    if len(processes) == 1:
        return str(Process.objects.get(pk=processes[0]))
    return f"{len(processes):,} processes"


def placed(places: Sequence[Policy] | Sequence[Group]) -> str:
    """The one policy or group by name, or how many."""
    if len(places) == 1:
        return str(places[0])
    kind = "groups" if places and isinstance(places[0], Group) else "policies"
    return f"{len(places)} {kind}"


def require_still(
    request: ApprovalRequest, policies: Sequence[Policy], groups: Iterable[int] = ()
) -> None:
    """OutOfDate if a policy is gone, or who asked may not write all of it any more."""
    user = request.requester
    if len(policies) < len(request.asked["policies"]):
        raise OutOfDate("A policy was deleted meanwhile. Ask anew.")
    touched = groups_touched(policies) | set(groups)
    if user is not None and not (
        has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", touched)
    ):
        raise OutOfDate(
            f"{request.requester_name} may not write these policies any more. An analyst of these"
            " groups asks anew."
        )


def still_seen(request: ApprovalRequest) -> list[int]:
    """Those of the processes that who asked sees as an analyst now."""
    user, ids = request.requester, request.asked["processes"]
    if user is None:
        return list(ids)
    seen = Process.objects.filter(pk__in=ids).visible_to(user, "analyst")
    return list(seen.order_by("pk").values_list("pk", flat=True))
