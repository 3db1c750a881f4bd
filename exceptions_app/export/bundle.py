"""The policy file `truscan-policy/1`: documented, versioned JSON for policy tooling.

docs/policy-file.md tells every member; bundle.schema.json is its JSON Schema.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exceptions_app.export import canonical
from exceptions_app.export.checks import refuse_wrong_rules, warnings_about
from exceptions_app.export.content import GroupPackage, PolicyPackage
from exceptions_app.policies.signing import sign

if TYPE_CHECKING:
    from exceptions_app.export.content import LocationSet, Package
    from exceptions_app.export.entry import Entry, PublishedSet
    from exceptions_app.export.findings import Finding

FORMAT = "truscan-policy/1"
FILE = "bundle.json"
ALGORITHM = "Ed25519"
SCHEMA_PATH = Path(__file__).with_name("bundle.schema.json")
NOT_MATCHABLE = "The log gave no hash, and a name alone matches any program of that name."


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every bundle meets."""
    document: dict[str, Any] = json.loads(SCHEMA_PATH.read_text("utf-8"))
    return document


def warnings(package: Package) -> list[Finding]:
    return warnings_about(package)


def files(package: Package) -> dict[str, bytes]:
    """One document. `content_sha256` covers the compact form of everything else in it.

    ExportRefused for conflicts, undecided entries, Ignore without a hash, more than 65,000 entries.
    """
    refuse_wrong_rules(package)
    return {FILE: canonical.pretty(document(package))}


def document(package: Package) -> dict[str, Any]:
    """The bundle as a value; signed if there is a key, and the hash covers the signature too."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "kind": package.kind,
        "subject": _subject(package),
        "in_force": [_place(place) for place in package.places],
        "policies": [_policy(one) for one in package.sets],
        "warnings": [finding.as_json() for finding in warnings(package)],
    }
    value, public_key = sign(canonical.compact(content).decode())
    if value:
        content["signature"] = {"algorithm": ALGORITHM, "public_key": public_key, "value": value}
    return {**content, "content_sha256": canonical.sha256(content)}


def _subject(package: Package) -> dict[str, Any]:
    if isinstance(package, GroupPackage):
        return {"domain": package.domain, "group": package.group, "location": package.location}
    assert isinstance(package, PolicyPackage)  # noqa: S101  # there are two kinds
    return {"policy": package.policy}


def _place(place: LocationSet) -> dict[str, Any]:
    return {
        "domain": place.domain,
        "group": place.group,
        "location": place.location,
        "policy": place.policy,
        "revision": place.revision,
        "owner_group": place.owner_group,
        "inherited": place.inherited,
        "inheritance_known": place.inheritance_known,
    }


def _policy(one: PublishedSet) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.policy,
        "description": one.description,
        "shared": one.shared,
        "revision": one.number,
        "revision_sha256": one.sha256,
        "rules": [_rule(entry) for entry in one.entries],
    }
    if one.foreign:
        told["foreign_rules"] = canonical.without_fractions(one.foreign)
    return told


def _rule(entry: Entry) -> dict[str, Any]:
    rule = {
        "response": entry.response,
        "hashes": list(entry.hashes),
        "matchable": bool(entry.hashes),
        "process": {
            "name": entry.name,
            "path": entry.path,
            "application_name": entry.application_name,
            "application_type": entry.application_type,
            "company": entry.company,
            "version": entry.version,
            "size": entry.size,
            "signer": entry.signer,
        },
        "reason": entry.reason,
        "author": entry.author,
        "approver": entry.approver,
        "decided_at": entry.decided_at,
        "review_on": entry.review_on,
        "expires_at": entry.expires_at,
        "evidence": canonical.without_fractions(dict(entry.evidence)),
    }
    if not entry.hashes:
        rule["not_matchable_because"] = NOT_MATCHABLE
    return rule
