"""Makers for tests: three fixed people (owner, member, outsider) and small estates."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from truscan.access.actor import Actor, Means
from truscan.models.access import RoleGrant
from truscan.models.counts import Sighting
from truscan.models.estate import Computer, Domain, Group, Site
from truscan.models.process import Process

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SYSTEM = Actor("test", Means.COMMAND_LINE)


def make_user(name: str, role: str | None = None, group: Group | None = None) -> User:
    """A person; with a role, for a group's subtree or (None) the whole estate."""
    user = User.objects.create_user(name, f"{name}@example.org", "a long enough password")
    if role:
        RoleGrant.objects.create(user=user, role=role, group=group)
    return user


def make_domain(name: str = "Default") -> Domain:
    return Domain.objects.get_or_create(name_key=name.casefold(), defaults={"name": name})[0]


def make_site(name: str = "Site A") -> Site:
    return Site.objects.get_or_create(name=name)[0]


def make_group(path: str, domain: Domain | None = None, **fields: Any) -> Group:
    """A group and all its ancestors."""
    domain = domain or make_domain()
    parent = None
    group = None
    parts = path.split("\\")
    for depth in range(1, len(parts) + 1):
        part = "\\".join(parts[:depth])
        group, _ = Group.objects.get_or_create(
            domain=domain,
            path_key=part.casefold(),
            defaults={"path": part, "name": parts[depth - 1], "parent": parent},
        )
        parent = group
    assert group is not None
    if fields:
        Group.objects.filter(pk=group.pk).update(**fields)
        group.refresh_from_db()
    return group


def make_computer(name: str, group: Group, **fields: Any) -> Computer:
    return Computer.objects.create(
        domain=group.domain, name=name, name_key=name.casefold(), group=group, **fields
    )


def make_process(name: str = "erpclient.exe", digit: str = "a", **fields: Any) -> Process:
    """A process with the SHA-256 that repeats `digit` and ends in 1."""
    fields.setdefault("hash", digit * 63 + "1")
    fields.setdefault("hash_type", "sha256" if fields["hash"] else "")
    return Process.objects.create(
        identity=uuid.uuid5(uuid.NAMESPACE_OID, fields["hash"] + name),
        name=name,
        generic_path=fields.pop("generic_path", f"%PROGRAMFILES%\\Contoso\\{name}"),
        **fields,
    )


def make_sighting(process: Process, group: Group, **fields: Any) -> Sighting:
    fields.setdefault("occurrences", 5)
    fields.setdefault("rows", 5)
    fields.setdefault("candidate_occurrences", fields["occurrences"])
    fields.setdefault("potential_occurrences", fields["occurrences"])
    fields.setdefault("first_at", NOW)
    fields.setdefault("last_at", NOW)
    return Sighting.objects.create(process=process, group=group, **fields)
