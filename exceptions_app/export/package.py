"""Packages from the published revisions and the policies in force now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exceptions_app.errors import NotFound
from exceptions_app.export.checks import refuse_wrong_rules
from exceptions_app.export.content import GroupPackage, LocationSet, PolicyPackage
from exceptions_app.export.entry import PublishedSet, read_set
from exceptions_app.export.findings import NothingPublished
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.effective import groups_with, policies_in_force
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from exceptions_app.policies.effective import InForce


def package_for_group(
    group: Group, location: Location | None = None, *, now: datetime
) -> GroupPackage:
    """What clients of the group get in all its locations, or in that one.

    `now` decides which rules have expired; nothing else depends on it. NothingPublished when no
    place has a published policy, ExportRefused when the rules contradict each other.
    """
    rows = policies_in_force([group.pk])
    if location is not None:
        rows = [row for row in rows if row.location_id == location.pk]
        if not rows:
            raise NotFound(f"{group} has no location {location}. Name one that it has.")
    sets = _published({row.policy_id for row in rows if row.policy_id}, now)
    if not sets:
        raise NothingPublished(_nothing_for(group, location, rows))
    package = GroupPackage(
        places=_places(rows, sets),
        sets=_by_name(sets.values()),
        domain=group.domain.name,
        group=group.path,
        location=location.name if location else None,
    )
    refuse_wrong_rules(package)
    return package


def package_for_policy(policy: Policy, *, now: datetime) -> PolicyPackage:
    """The policy's newest revision and every place where it is in force; errors as for a group."""
    sets = _published({policy.pk}, now)
    if not sets:
        raise NothingPublished(
            f"“{policy.name}” has no published revision. Publish it, then export it."
        )
    near = policies_in_force(groups_with([policy.pk]))
    rows = [row for row in near if row.policy_id == policy.pk]
    package = PolicyPackage(
        places=_places(rows, sets), sets=_by_name(sets.values()), policy=sets[policy.pk].policy
    )
    refuse_wrong_rules(package)
    return package


def location_called(group: Group, name: str) -> Location:
    """The location of that name that the group has or inherits; NotFound names those it has."""
    ids = [row.location_id for row in policies_in_force([group.pk]) if row.location_id]
    found = {one.name_key: one for one in Location.objects.filter(pk__in=ids)}
    if one := found.get(name.casefold()):
        return one
    names = ", ".join(sorted(one.name for one in found.values())) or "none"
    raise NotFound(f"{group} has no location “{name}”. Its locations: {names}.")


def _published(policy_ids: Iterable[int], now: datetime) -> dict[int, PublishedSet]:
    """The newest revision of each policy that has one, with the one before it."""
    newest: dict[int, list[Revision]] = {}
    for policy_id in policy_ids:
        two = Revision.objects.filter(policy_id=policy_id).order_by("-number")[:2]
        if revisions := list(two):
            newest[policy_id] = revisions
    return {
        policy_id: read_set(
            revisions[0].canonical,
            revisions[0].sha256,
            now,
            revisions[1].canonical if len(revisions) > 1 else None,
        )
        for policy_id, revisions in newest.items()
    }


def _by_name(sets: Iterable[PublishedSet]) -> tuple[PublishedSet, ...]:
    return tuple(sorted(sets, key=lambda one: one.policy))


def _places(rows: Sequence[InForce], sets: dict[int, PublishedSet]) -> tuple[LocationSet, ...]:
    """The rows with names instead of ids, in the order of code points, groups before locations."""
    wanted = {row.group_id for row in rows}
    wanted |= {row.from_group_id for row in rows if row.from_group_id}
    groups = {one.pk: one for one in Group.objects.select_related("domain").filter(pk__in=wanted)}
    locations = Location.objects.in_bulk([row.location_id for row in rows if row.location_id])
    drafts = Policy.objects.in_bulk([row.policy_id for row in rows if row.policy_id])
    places = []
    for row in rows:
        group = groups[row.group_id]
        published = sets.get(row.policy_id) if row.policy_id else None
        places.append(
            LocationSet(
                domain=group.domain.name,
                group=group.path,
                location=locations[row.location_id].name if row.location_id else None,
                policy=_policy_name(published, drafts.get(row.policy_id or 0)),
                revision=published.number if published else None,
                owner_group=groups[row.from_group_id].path if row.from_group_id else None,
                inherited=row.inherited,
                inheritance_known=group.inherits_known,
            )
        )
    return tuple(sorted(places, key=lambda p: (p.domain, p.group, p.location or "")))


def _policy_name(published: PublishedSet | None, draft: Policy | None) -> str | None:
    """The name as published: a rename after that is a draft like any other change."""
    if published is not None:
        return published.policy
    return draft.name if draft else None


def _nothing_for(group: Group, location: Location | None, rows: Sequence[InForce]) -> str:
    place = f"{group.path} · {location.name}" if location else group.path
    names = Policy.objects.filter(pk__in=[row.policy_id for row in rows if row.policy_id])
    shown = ", ".join(f"“{name}”" for name in sorted({one.name for one in names}))
    if shown:
        return f"{shown} on {place} has no published revision. Publish it, then export it."
    return f"No policy is in force on {place}. Assign one to it or to a parent, and publish it."
