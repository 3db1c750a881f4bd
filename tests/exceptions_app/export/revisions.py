"""Synthetic revisions and packages for the tests of the export. All names are made up."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from exceptions_app.export.content import GroupPackage, LocationSet, Package, PolicyPackage
from exceptions_app.export.entry import PublishedSet, read_set
from exceptions_app.models.policy import Policy, PolicyAssignment, Revision
from truscan.audit import canonical_json
from truscan.models.estate import Group, Location

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def sha256(digit: str) -> str:
    return f"sha256:{digit * 63}1"


def sha1(digit: str) -> str:
    return f"sha1:{digit * 39}1"


def rule(name: str, response: str, *hashes: str, **fields: Any) -> dict[str, Any]:
    """An entry as publishing writes it; `fields` replace facts of the process or of the entry."""
    process = {
        "name": name,
        "path": f"%PROGRAMFILES%\\Contoso\\{name}",
        "application_name": "Contoso ERP",
        "company": "Contoso",
        "version": "4.2",
        "size": 1048576,
        "application_type": "Trojan worm",
        "signer": "",
    }
    entry: dict[str, Any] = {
        "process": process,
        "hashes": list(hashes),
        "response": response,
        "reason": "Checked with the owner of the application",
        "author": "ada",
        "approver": None,
        "decided_at": "2026-02-27T10:00:00+00:00",
        "review_on": "2026-09-01",
        "expires_at": None,
        "evidence": {"computers": 12, "occurrences": 340},
    }
    for key, value in fields.items():
        (process if key in process else entry)[key] = value
    return entry


def canonical(name: str, number: int, rules: list[dict[str, Any]], description: str = "") -> str:
    """The canonical text of a revision."""
    return canonical_json(
        {
            "format": "truscan-revision/1",
            "policy": {"name": name, "description": description, "shared": True},
            "number": number,
            "entries": rules,
        }
    )


def published(
    name: str,
    rules: list[dict[str, Any]],
    before: list[dict[str, Any]] | None = None,
    description: str = "",
) -> PublishedSet:
    """A set at NOW; with `before` it is revision 2 after those rules, else revision 1."""
    text = canonical(name, 1 if before is None else 2, rules, description)
    previous = None if before is None else canonical(name, 1, before, description)
    return read_set(
        text, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), NOW, previous
    )


def place(policy: str | None, group: str = "My Company\\Sales", **fields: Any) -> LocationSet:
    values: dict[str, Any] = {
        "domain": "Default",
        "group": group,
        "location": None,
        "policy": policy,
        "revision": 1,
        "owner_group": group,
    }
    return LocationSet(**{**values, **fields})


def policy_package(*rules: dict[str, Any], name: str = "Sales") -> PolicyPackage:
    """One policy with these rules, on one group."""
    return PolicyPackage(places=(place(name),), sets=(published(name, list(rules)),), policy=name)


def sales_and_laptops() -> Package:
    """A group with two locations and two policies: of everything that a target may meet."""
    erp = rule("erpclient.exe", "ignore", sha256("a"), sha1("a"))
    sales = published(
        "Sales/EMEA",
        [
            rule("byname.exe", "terminate", path="%USERPROFILE%\\byname.exe"),
            rule("=cmd|' /C calc'!A0.exe", "quarantine", sha1("b"), company="", size=None),
            erp,
            rule("keylog.exe", "terminate", sha256("c"), application_type="Key logger"),
            rule("old.exe", "ignore", sha256("d"), expires_at="2026-03-01T00:00:00+00:00"),
        ],
        before=[
            erp,
            rule("gone.exe", "ignore", sha256("e")),
            rule("keylog.exe", "quarantine", sha256("c"), application_type="Key logger"),
        ],
        description="Sales everywhere",
    )
    outside = published(
        "Outside", [rule("remote-ü.exe", "terminate", sha256("f"), "md5:" + "9" * 31 + "8")]
    )
    places = (
        place("Sales/EMEA", revision=2),
        place(
            "Sales/EMEA", location="Office", revision=2, owner_group="My Company", inherited=True
        ),
        place("Outside", location="VPN"),
    )
    return GroupPackage(
        places=places, sets=(outside, sales), domain="Default", group="My Company\\Sales"
    )


def with_hashes_only(package: Package) -> Package:
    """The same without entries that only a name tells: for the targets that refuse them."""
    kept = tuple(
        replace(one, entries=tuple(e for e in one.entries if e.hashes)) for one in package.sets
    )
    return replace(package, sets=kept)


def put_on(policy: Policy, group: Group, location: Location | None = None) -> None:
    """Assigned, with inheritance off: a group that inherits has its parent's policy."""
    PolicyAssignment.objects.create(policy=policy, group=group, location=location)
    Group.objects.filter(pk=group.pk).update(inherits=False, inherits_known=True)


def publish_rows(policy: Policy, *revisions: list[dict[str, Any]]) -> Revision:
    """Revision rows as publishing makes them, numbered from 1."""
    row = None
    for number, rules in enumerate(revisions, 1):
        text = canonical(policy.name, number, rules, policy.description)
        row = Revision.objects.create(
            policy=policy,
            number=number,
            canonical=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            ledger_head="0" * 64,
            published_at=NOW,
            actor_name="test",
        )
    assert row is not None
    return row
