"""What must not be exported, and what an export should be read with. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exceptions_app.export.entry import RESPONSES
from exceptions_app.export.findings import ExportRefused, Finding, counted
from exceptions_app.export.limits import MANY_HASHES, MOST_ENTRIES, WARN_HASHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exceptions_app.export.content import Package
    from exceptions_app.export.entry import Entry, PublishedSet

_HASH = re.compile(r"(?:sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40}|md5:[0-9a-f]{32})\Z")


def refuse_wrong_rules(package: Package) -> None:
    """ExportRefused for conflicts, undecided, Ignore by name, too many: no target carries them."""
    rules = (finding for one in package.sets for finding in wrong_rules(one))
    refuse([*rules, *_same_names(package)])


def refuse_without_hash(package: Package) -> None:
    """ExportRefused also for every rule that the target could not match: one without a hash."""
    refuse_wrong_rules(package)
    refuse(
        Finding(
            "no_hash",
            one.policy,
            entry.label,
            f"{entry.response.capitalize()} has no hash, and this target matches by hash only.",
            "Take the entry out of the policy and publish, or export the worksheet, which lists it"
            " as a forced detection.",
        )
        for one in package.sets
        for entry in one.entries
        if not entry.hashes
    )


def refuse(findings: Iterable[Finding]) -> None:
    if found := sorted(findings):
        raise ExportRefused(found)


def wrong_rules(one: PublishedSet) -> Iterator[Finding]:
    """What is wrong with a set whatever the target."""
    yield from _each_rule(one)
    yield from _conflicts(one)
    if (count := len(one.entries)) > MOST_ENTRIES:
        yield Finding(
            "too_many",
            one.policy,
            "",
            f"{count:,} entries are more than the {MOST_ENTRIES:,} that SEPM states as its most.",
            "Remove entries that match nothing any more, or split the policy by groups.",
        )


def _same_names(package: Package) -> Iterator[Finding]:
    """Two policies under one name: one was published, renamed, and its name given to another."""
    seen: set[str] = set()
    for one in package.sets:
        key = one.policy.casefold()
        if key in seen:
            yield Finding(
                "same_name",
                one.policy,
                "",
                "Two policies of this export were published under this name.",
                "Publish the one that was renamed since.",
            )
        seen.add(key)


def _each_rule(one: PublishedSet) -> Iterator[Finding]:
    for entry in one.entries:
        if entry.response not in RESPONSES:
            yield Finding(
                "undecided",
                one.policy,
                entry.label,
                f"“{entry.response}” is not a response that an exception can have.",
                "Decide Ignore, Quarantine or Terminate, and publish again.",
            )
        elif entry.response == "ignore" and not entry.hashes:
            yield Finding(
                "ignore_without_hash",
                one.policy,
                entry.label,
                "Ignore needs a hash: every program of that name would be ignored.",
                "Import a log that gives the file's hash and decide that process, or remove the"
                " entry, then publish again.",
            )
        for one_hash in entry.hashes:
            if not _HASH.match(one_hash):
                yield Finding(
                    "bad_hash",
                    one.policy,
                    entry.label,
                    f"“{one_hash}” is no SHA-256, SHA-1 or MD5.",
                    "Remove the entry, decide the process again, and publish.",
                )


def _conflicts(one: PublishedSet) -> Iterator[Finding]:
    """The same file with two responses: which one wins inside a policy is not documented."""
    first: dict[object, Entry] = {}
    told: set[tuple[str, str]] = set()
    for entry in one.entries:
        for key in entry.hashes or (entry.by_name_key,):
            other = first.setdefault(key, entry)
            pair = (other.label, entry.label)
            if other.response != entry.response and pair not in told:
                told.add(pair)
                yield Finding(
                    "conflict",
                    one.policy,
                    entry.label,
                    f"{entry.response.capitalize()} here, {other.response.capitalize()} for the"
                    f" same file as {other.label}.",
                    "Keep one of the two responses in this policy, and publish again.",
                )


def warnings_about(package: Package) -> list[Finding]:
    """What every target's reader should know, sorted."""
    found = [finding for one in package.sets for finding in _of_set(one)]
    return sorted([*found, *_of_places(package)])


def _of_set(one: PublishedSet) -> Iterator[Finding]:
    hashes = {one_hash for entry in one.entries for one_hash in entry.hashes}
    if len(hashes) >= WARN_HASHES:
        heavy = "more than" if len(hashes) > MANY_HASHES else "near"
        yield Finding(
            "many_hashes",
            one.policy,
            "",
            f"{len(hashes):,} hash entries are {heavy} the about {MANY_HASHES} that a client"
            " handles well.",
            "Remove entries that match nothing any more, or split the policy by groups.",
        )
    if by_name := [entry for entry in one.entries if not entry.hashes]:
        yield Finding(
            "by_name",
            one.policy,
            "",
            f"{counted(len(by_name), 'has', 'have')} no hash and cannot be matched:"
            f" {_names(by_name)}.",
            "Only a forced detection in a SEP 11 console serves a name.",
        )
    if one.expired:
        yield Finding(
            "expired",
            one.policy,
            "",
            f"{counted(len(one.expired), 'has', 'have')} expired, left out: {_names(one.expired)}.",
            "Retire what has expired or give it a new date, and publish.",
        )
    if not one.entries:
        yield Finding("empty", one.policy, "", "The revision orders nothing.", "")


def _of_places(package: Package) -> Iterator[Finding]:
    """A group that inherits has an assignment of its own in vain: then the policy is nowhere."""
    if not package.places:
        text = "The policy is in force in no group."
        way_out = "Assign it, and turn inheritance off in the groups that it is assigned to."
        yield Finding("nowhere", package.sets[0].policy, "", text, way_out)
    for place in package.places:
        if place.policy is None:
            text, way_out = f"{place.place} has no policy of ours.", "Assign one."
        elif place.revision is None:
            text = f"The policy on {place.place} was never published; its rules are not here."
            way_out = "Publish it."
        elif place.inherited and package.kind == "group":
            known = "inherits" if place.inheritance_known else "is assumed to inherit"
            text = f"{place.place} {known} from {place.owner_group}, which owns the assignment."
            way_out = "Assign the policy there, or turn inheritance off first."
        else:
            continue
        yield Finding("place", place.policy or "", "", text, way_out)


def _names(entries: Iterable[Entry], most: int = 5) -> str:
    labels = [entry.name or entry.path or "(unnamed process)" for entry in entries]
    more = f" and {len(labels) - most:,} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more
