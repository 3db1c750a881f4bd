"""Packages from the published revisions and the policies in force now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Window
from django.db.models.functions import RowNumber

from exceptions_app.errors import NotFound
from exceptions_app.export.checks import refuse_wrong_rules
from exceptions_app.export.content import GroupPackage, LocationSet, PolicyPackage
from exceptions_app.export.entry import PublishedSet, read_entries, read_set
from exceptions_app.export.findings import NothingPublished
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.effective import groups_with, policies_in_force
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from exceptions_app.policies.effective import InForce


def package_for_group(
    group: Group, location: Location | None = None, *, now: datetime
) -> GroupPackage:
    """What clients of the group get in all its locations, or in that one.

    `now` decides which rules have expired; nothing else depends on it. NothingPublished when no
    place has a published policy, ExportRefused when the rules contradict each other.
    """
    rows = rows_of_group(group, location)
    sets = _published({row.policy_id for row in rows if row.policy_id}, now)
    if not sets:
        raise NothingPublished(_nothing_for(group, location, rows))
    package = GroupPackage(
        places=named_places(rows, sets),
        sets=_by_name(sets.values()),
        domain=group.domain.name,
        group=group.path,
        location=location.name if location else None,
    )
    refuse_wrong_rules(package)
    return package


def package_for_policy(policy: Policy, *, now: datetime, since: int | None = None) -> PolicyPackage:
    """The policy's newest revision and every place where it is in force; errors as for a group.

    `since` is the number of an earlier revision: the change is then told from there on, for a
    server that missed the ones between. NotFound if the policy has no such earlier revision.
    """
    sets = _published({policy.pk}, now)
    if not sets:
        raise NothingPublished(
            f"“{policy.name}” has no published revision. Publish it, then export it."
        )
    if since is not None:
        sets = {policy.pk: _since(policy, sets[policy.pk], since)}
    rows = rows_of_policy(policy)
    package = PolicyPackage(
        places=named_places(rows, sets), sets=_by_name(sets.values()), policy=sets[policy.pk].policy
    )
    refuse_wrong_rules(package)
    return package


def package_per_policy(policies: Collection[int], *, now: datetime) -> list[PolicyPackage]:
    """One package for each of the policies that was published, in the order of their names.

    Nothing is refused here: one wrong policy must not hide the others. Eight queries, whatever the
    number of policies and groups.
    """
    sets = _published(policies, now)
    rows: dict[int, list[InForce]] = {policy_id: [] for policy_id in sets}
    for row in policies_in_force(groups_with(sets)):
        if row.policy_id in rows:
            rows[row.policy_id].append(row)
    of_policy = _places_of_each(rows, sets)
    packages = [
        PolicyPackage(places=of_policy[policy_id], sets=(one,), policy=one.policy)
        for policy_id, one in sets.items()
    ]
    return sorted(packages, key=lambda package: package.policy)


def location_called(group: Group, name: str) -> Location:
    """The location of that name that the group has or inherits; NotFound names those it has."""
    ids = [row.location_id for row in policies_in_force([group.pk]) if row.location_id]
    found = {one.name_key: one for one in Location.objects.filter(pk__in=ids)}
    if one := found.get(name.casefold()):
        return one
    names = ", ".join(sorted(one.name for one in found.values())) or "none"
    raise NotFound(f"{group} has no location “{name}”. Its locations: {names}.")


def _published(policy_ids: Collection[int], now: datetime) -> dict[int, PublishedSet]:
    """The newest revision of each policy that has one, with the one before it."""
    newest: dict[int, list[Revision]] = {}
    place = Window(RowNumber(), partition_by="policy_id", order_by="-number")
    rows = Revision.objects.filter(policy__in=policy_ids).annotate(place=place)
    for revision in rows.filter(place__lte=2).order_by("policy_id", "-number"):
        newest.setdefault(revision.policy_id, []).append(revision)
    return {
        policy_id: replace(
            read_set(
                revisions[0].canonical,
                revisions[0].sha256,
                now,
                revisions[1].canonical if len(revisions) > 1 else None,
            ),
            row_id=revisions[0].pk,
        )
        for policy_id, revisions in newest.items()
    }


def _since(policy: Policy, newest: PublishedSet, number: int) -> PublishedSet:
    """The set with the rules of that earlier revision as what was there before."""
    row = Revision.objects.filter(policy=policy, number=number).first()
    if row is None or number >= newest.number:
        raise NotFound(
            f"“{policy.name}” has no revision {number} before {newest.number}, its newest:"
            " name the one that the server has."
        )
    return replace(newest, previous_number=number, previous=read_entries(row.canonical))


def _by_name(sets: Iterable[PublishedSet]) -> tuple[PublishedSet, ...]:
    return tuple(sorted(sets, key=lambda one: one.policy))


def rows_of_group(group: Group, location: Location | None) -> list[InForce]:
    """What is in force in the group, or in that one location; NotFound if it has it not."""
    rows = policies_in_force([group.pk])
    if location is not None:
        rows = [row for row in rows if row.location_id == location.pk]
        if not rows:
            raise NotFound(f"{group} has no location {location}. Name one that it has.")
    return rows


def rows_of_policy(policy: Policy) -> list[InForce]:
    """Every place where the policy is in force."""
    near = policies_in_force(groups_with([policy.pk]))
    return [row for row in near if row.policy_id == policy.pk]


def named_places(rows: Sequence[InForce], sets: dict[int, PublishedSet]) -> tuple[LocationSet, ...]:
    """The rows with names instead of ids, in the order of code points."""
    return _places_of_each({0: rows}, sets)[0]


def _places_of_each(
    rows: Mapping[int, Sequence[InForce]], sets: dict[int, PublishedSet]
) -> dict[int, tuple[LocationSet, ...]]:
    """The rows with names instead of ids, in the order of code points, groups before locations."""
    every = [row for some in rows.values() for row in some]
    wanted = {row.group_id for row in every}
    wanted |= {row.from_group_id for row in every if row.from_group_id}
    groups = {one.pk: one for one in Group.objects.select_related("domain").filter(pk__in=wanted)}
    locations = Location.objects.in_bulk({row.location_id for row in every if row.location_id})
    drafts = Policy.objects.in_bulk({row.policy_id for row in every if row.policy_id})

    def place(row: InForce) -> LocationSet:
        group = groups[row.group_id]
        published = sets.get(row.policy_id) if row.policy_id else None
        return LocationSet(
            domain=group.domain.name,
            group=group.path,
            location=locations[row.location_id].name if row.location_id else None,
            policy=_policy_name(published, drafts.get(row.policy_id or 0)),
            revision=published.number if published else None,
            owner_group=groups[row.from_group_id].path if row.from_group_id else None,
            inherited=row.inherited,
            inheritance_known=group.inherits_known,
        )

    return {
        key: tuple(sorted(map(place, some), key=lambda p: (p.domain, p.group, p.location or "")))
        for key, some in rows.items()
    }


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
