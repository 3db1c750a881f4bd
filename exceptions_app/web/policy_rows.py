"""What the policy pages show, gathered set-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, Sum

from exceptions_app.export.targets import TARGETS
from exceptions_app.models.policy import Policy, Response, Revision
from exceptions_app.policies.publish import pending, touched
from truscan.access.scope import sees_whole_estate
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from exceptions_app.policies.diff import Changes

PAGE = 50
PLACES = 200
REVISIONS = 30


@dataclass(frozen=True, slots=True)
class PolicyLine:
    policy: Policy
    draft: int
    places: int
    revision: Revision | None

    @property
    def state(self) -> str:
        """What clients run, and whether the draft is ahead of it."""
        if self.revision is None:
            return "never published"
        changed = self.policy.draft_changed_at
        if changed and changed > self.revision.published_at:
            return f"unpublished changes; clients still run revision {self.revision.number}"
        return f"revision {self.revision.number} published"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a policy is in force: the groups of the person by name with what of them ("the group
    itself", locations), all other groups as a number; `total` counts groups and locations."""

    total: int
    shown: list[tuple[Group, list[str]]]
    hidden: int
    clients: int | None


def policy_lines(policies: Sequence[Policy]) -> list[PolicyLine]:
    """A line for each policy, in the order given; three queries however many."""
    ids = [p.pk for p in policies]
    counted = Policy.objects.filter(pk__in=ids).order_by()
    active = Count("exceptions", filter=Q(exceptions__retired_at=None))
    drafts = dict(counted.values_list("pk").annotate(n=active))
    places = dict(counted.values_list("pk").annotate(n=Count("assignments")))
    newest = {
        r.policy_id: r
        for r in Revision.objects.filter(policy__in=ids)
        .defer("canonical")
        .order_by("policy_id", "-number")
        .distinct("policy_id")
    }
    return [
        PolicyLine(p, drafts.get(p.pk, 0), places.get(p.pk, 0), newest.get(p.pk)) for p in policies
    ]


def places_of(policy: Policy, user: User) -> Places:
    found = touched(policy)
    groups = {group.pk: group for group, _ in found}
    mine = set(
        Group.objects.visible_to(user).filter(pk__in=list(groups)).values_list("pk", flat=True)
    )
    shown: dict[int, list[str]] = {}
    for group, location in found:
        if group.pk in mine:
            shown.setdefault(group.pk, []).append(location.name if location else "the group itself")
    counts = [group.client_count for group in groups.values()]
    known = [n for n in counts if n is not None]
    clients = sum(known) if len(known) == len(counts) else None
    named = [(groups[pk], where) for pk, where in shown.items()]
    return Places(len(found), named, len(groups) - len(named), clients)


def policy_state(policy: Policy, user: User, now: datetime) -> dict[str, Any]:
    """The policy, whom it touches, and what publishing would change."""
    changes = pending(policy, now)
    line = policy_lines([policy])[0]
    return {
        "policy": policy,
        "line": line,
        "state": _state(line.revision, changes),
        "places": places_of(policy, user),
        "places_most": PLACES,
        **change_state(changes),
        "targets": TARGETS.values(),
    }


def change_state(changes: Changes) -> dict[str, Any]:
    """What `_changes.html` shows, cut to a page."""
    return {
        "changes": changes,
        "change_rows": _rows(changes)[:PAGE],
        "changes_hidden": max(len(changes) - PAGE, 0),
    }


def policy_page_state(policy: Policy, user: User, text: str, after: str) -> dict[str, Any]:
    """The draft, a page at a time, and the revisions."""
    draft = policy.exceptions.filter(retired_at=None)
    counts = dict(draft.values_list("response").annotate(n=Count("pk")).order_by())
    shown = draft.select_related("process", "author", "approver").order_by("pk")
    if text:
        named = Q(process__name__icontains=text) | Q(process__hash__startswith=text.lower())
        shown = shown.filter(named)
    if after.isascii() and after.isdecimal():
        shown = shown.filter(pk__gt=int(after[:18]))
    rows = list(shown[: PAGE + 1])
    return {
        "counts": [(Response(r), counts.get(r, 0)) for r in Response.values],
        "entries": rows[:PAGE],
        "after": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "q": text,
        "revisions": list(policy.revisions.defer("canonical")[:REVISIONS]),
        "detected": _detected(policy, user),
    }


def _state(revision: Revision | None, changes: Changes) -> str:
    if revision is None:
        return "never published: no client has anything of it"
    if not changes:
        return f"revision {revision.number} published, the draft is the same"
    count = len(changes)
    what = f"{count:,} unpublished change{'s'[: count != 1]}" if count else "unpublished changes"
    return f"{what}; clients still run revision {revision.number}"


def _rows(changes: Changes) -> list[tuple[str, str, str, Any]]:
    """Class, sign and word of each change; sign and word, since colour alone tells nothing."""
    return [
        *(("add", "+", "added", one) for one in changes.added),
        *(("chg", "~", "changed", one) for one in changes.changed),
        *(("chg", "↻", "renewed hash", one) for one in changes.renewed),
        *(("del", "−", "removed", one) for one in changes.retired),
    ]


def _detected(policy: Policy, user: User) -> int:
    """Occurrences since logs were first read of the draft's processes, in the person's groups."""
    ids = policy.exceptions.filter(retired_at=None).values("process")
    if sees_whole_estate(user):
        rows: QuerySet[Any] = ProcessSummary.objects.filter(process__in=ids)
    else:
        rows = Sighting.objects.visible_to(user).filter(process__in=ids)
    return rows.aggregate(n=Sum("occurrences"))["n"] or 0
