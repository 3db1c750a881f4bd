"""Bodies for the SEPM 14 REST interface: the whole policy, the change to it, the assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.export import canonical
from exceptions_app.export.checks import refuse_without_hash, warnings_about
from exceptions_app.export.findings import Finding, counted
from exceptions_app.export.legal_name import (
    changed_names,
    cut,
    folders,
    legal_name,
    refuse_nameless,
    utf16_units,
)
from exceptions_app.export.limits import DESCRIPTION_UNITS
from exceptions_app.export.sepm_assign import assignments
from exceptions_app.export.sepm_readme import readme
from exceptions_app.export.sepm_rules import Rules, changes, configuration, rules, with_foreign

if TYPE_CHECKING:
    from exceptions_app.export.content import Package
    from exceptions_app.export.entry import PublishedSet


def files_v1(package: Package) -> dict[str, bytes]:
    """For `/v1/policies/exceptions`: `blacklistrules`."""
    return _files(package, 1)


def files_v2(package: Package) -> dict[str, bytes]:
    """For `/v2/policies/exceptions`: `denylistrules`."""
    return _files(package, 2)


def warnings(package: Package) -> list[Finding]:
    """Those of every target, changed names, and hashes that 14 clients may not act on."""
    return sorted(
        [
            *warnings_about(package),
            *changed_names(package),
            *map(_old_hashes, _sha1_only(package)),
            *(_foreign(one) for one in package.sets if one.foreign),
        ]
    )


def policy_body(one: PublishedSet, after: Rules, version: int) -> dict[str, Any]:
    """A complete POST or PUT body; `after` are the rules that the set orders. It gives back the
    rules of other kinds too: a PUT replaces all that is there."""
    body: dict[str, Any] = {**_head(one), "enabled": True}
    if lists := with_foreign(configuration(after), one.foreign, version):
        body["configuration"] = lists
    return body


def patch_body(one: PublishedSet, after: Rules, version: int) -> dict[str, Any] | None:
    """The change since the revision before; None when no rule changed.

    The first revision's change is all its rules. Rules that have expired are deleted, whether the
    revision before had them or this one.
    """
    delta = changes(rules(one.previous, version), rules(one.expired, version), after)
    if not delta:
        return None
    return {**_head(one), "configuration": configuration(delta)}


def _files(package: Package, version: int) -> dict[str, bytes]:
    """ExportRefused for what no target carries, for entries without a hash, for illegal names."""
    refuse_without_hash(package)
    refuse_nameless(package)
    made: dict[str, bytes] = {}
    for folder, one in zip(folders(package), package.sets, strict=True):
        after = rules(one.entries, version)
        made[f"{folder}policy.json"] = canonical.pretty(policy_body(one, after, version))
        if (patch := patch_body(one, after, version)) is not None:
            made[f"{folder}patch.json"] = canonical.pretty(patch)
    made["assign.json"] = canonical.pretty(assignments(package))
    made["README.txt"] = readme(package, version, sorted(made), warnings(package))
    return dict(sorted(made.items()))


def _head(one: PublishedSet) -> dict[str, str]:
    """Name and description; the description ends in the revision, cut to make room for it."""
    mark = f"[TruScan revision {one.number}, {one.sha256}]"
    room = DESCRIPTION_UNITS - utf16_units(mark) - 1
    said = cut(one.description, room).rstrip()
    return {"name": legal_name(one.policy), "desc": f"{said} {mark}".lstrip()}


def _sha1_only(package: Package) -> list[tuple[str, int]]:
    counts = (
        (one.policy, sum(1 for e in one.entries if e.hashes and not e.digests("sha256")))
        for one in package.sets
    )
    return [(policy, count) for policy, count in counts if count]


def _foreign(one: PublishedSet) -> Finding:
    return Finding(
        "foreign_rules",
        one.policy,
        "",
        "policy.json also has the rules of other kinds that a file brought"
        f" ({', '.join(sorted(one.foreign))}), as they were then. patch.json leaves them alone.",
        "Take in the policy anew before a PUT if somebody changed them in SEPM since.",
    )


def _old_hashes(found: tuple[str, int]) -> Finding:
    policy, count = found
    return Finding(
        "no_sha256",
        policy,
        "",
        f"{counted(count, 'has', 'have')} no SHA-256. SEPM accepts the shorter hash; whether"
        " clients of version 14 act on it is not documented.",
        "Link the file's SHA-256 to the process, and publish.",
    )
