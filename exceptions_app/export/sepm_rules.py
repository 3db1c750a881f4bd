"""Rules of a policy in the words of the SEPM 14 REST interface, version 1 or 2. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exceptions_app.export.entry import Entry

# Our mark in each rule, so that rules of others are never taken for ours.
SOURCE = "truscan-tuning"

IGNORED = "applications"
# The same list under the name of each version.
DENIED = {1: "blacklistrules", 2: "denylistrules"}

# Observed: IGNORE and QUARANTINE. Inferred: BLOCK, since no TERMINATE exists.
ACTIONS = {"ignore": "IGNORE", "quarantine": "QUARANTINE", "terminate": "BLOCK"}

_STATE = {"enabled": True, "source": SOURCE}

# A rule is told from others by its list and the hash.
RuleKey = tuple[str, str]
Rules = dict[RuleKey, dict[str, Any]]


def rules(entries: Iterable[Entry], version: int) -> Rules:
    """One rule per hash, sorted by list and hash: a file with two hashes gives two rules."""
    made: Rules = {}
    for entry in entries:
        array = IGNORED if entry.response == "ignore" else DENIED[version]
        for one_hash in entry.hashes:
            # Upper case: so observed in rules; fingerprint lists have lower case.
            digits = one_hash.partition(":")[2].upper()
            if (array, digits) not in made:
                made[array, digits] = _rule(entry, digits)
    return _in_order(made)


def _rule(entry: Entry, digits: str) -> dict[str, Any]:
    """`sha2` takes 64, 40 or 32 hex digits. A folded path is no directory: it is left out."""
    file: dict[str, Any] = {"sha2": digits}
    if entry.name:
        file["name"] = entry.name
    if entry.company:
        file["company"] = entry.company
    if entry.size is not None:
        file["size"] = entry.size
    return {
        "processfile": file,
        "action": ACTIONS[entry.response],
        "rulestate": _STATE,
    }


def configuration(made: Rules) -> dict[str, list[dict[str, Any]]]:
    """The rules by list; a list without rules is not there: the server refuses empty members."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for (array, _), rule in made.items():
        lists.setdefault(array, []).append(rule)
    return lists


def with_foreign(
    lists: Mapping[str, list[dict[str, Any]]], foreign: Mapping[str, Any], version: int
) -> dict[str, Any]:
    """Our lists and the rules of other kinds as they were; where both name a hash, ours holds."""
    merged: dict[str, Any] = dict(lists)
    digits = {rule["processfile"]["sha2"] for rules_of in lists.values() for rule in rules_of}
    for told, value in sorted(foreign.items()):
        name = told.replace("denylist", "blacklist") if version == 1 else told
        kept = value
        if name in (IGNORED, DENIED[version]):
            kept = [one for one in value if _digits(one) not in digits]
        if kept:
            merged[name] = [*merged.get(name, []), *kept] if isinstance(kept, list) else kept
    return dict(sorted(merged.items()))


def _digits(rule: Any) -> str:
    file = rule.get("processfile") if isinstance(rule, dict) else None
    return str(file.get("sha2", "")).upper() if isinstance(file, dict) else ""


def changes(
    before: Rules,
    gone: Rules,
    after: Rules,
) -> Rules:
    """What turns `before` into `after`, each rule marked `deleted` or not.

    `gone` are rules that must not be there any more though `before` may not have them: those that
    have expired since they were published.
    """
    marked = {
        key: {**rule, "deleted": True}
        for key, rule in {**gone, **before}.items()
        if key not in after
    }
    marked |= {
        key: {**rule, "deleted": False} for key, rule in after.items() if before.get(key) != rule
    }
    return _in_order(marked)


def _in_order(made: Rules) -> Rules:
    """By list and hash; keys alone are sorted in half the time of pairs with their rules."""
    return {key: made[key] for key in sorted(made)}
