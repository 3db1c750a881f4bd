"""Process rules as a SEPM policy holds them, against those that a revision orders. Pure.

Rules with our mark in `rulestate.source` are ours; all others are never changed or removed. A rule
is told by its list and hash; what is compared is its action and whether it is switched on, since
nobody has described what SEPM makes of names and sizes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exceptions_app.export.canonical import compact
from exceptions_app.export.sepm_rules import DENIED, IGNORED, SOURCE
from exceptions_app.sepm.errors import OddAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exceptions_app.export.sepm_rules import Rules

DENY = "denied"
RESPONSE = {
    (IGNORED, "IGNORE"): "ignore",
    (DENY, "QUARANTINE"): "quarantine",
    (DENY, "BLOCK"): "terminate",
}


@dataclass(frozen=True, slots=True)
class Held:
    """`key` is "applications:HASH" or "denied:HASH", whatever the interface's version."""

    key: str
    action: str
    is_on: bool
    is_ours: bool
    name: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def state(self) -> str:
        return self.action if self.is_on else f"{self.action} (switched off)"


@dataclass(frozen=True, slots=True)
class Difference:
    """`rows` for people and for the guard of the plan; `patch` what makes SEPM as ordered."""

    rows: list[dict[str, str]]
    patch: dict[str, list[dict[str, Any]]]
    conflicts: list[str]
    covered: list[str]


def held_rules(body: Any, version: int) -> list[Held]:
    """The rules of both lists; OddAnswer for a body that is no exceptions policy."""
    lists = body.get("configuration") if isinstance(body, dict) else None
    if not isinstance(lists, dict):
        raise OddAnswer("SEPM answered with something that is no exceptions policy.")
    found = []
    for array, short in ((IGNORED, IGNORED), (DENIED[version], DENY)):
        for rule in lists.get(array) or []:
            file = rule.get("processfile") or {}
            state = rule.get("rulestate") or {}
            digits = str(file.get("sha2") or "").upper()
            found.append(
                Held(
                    f"{short}:{digits}",
                    str(rule.get("action") or ""),
                    state.get("enabled") is not False,
                    state.get("source") == SOURCE,
                    str(file.get("name") or ""),
                    rule,
                )
            )
    return found


def by_key(rules: Rules) -> dict[str, dict[str, Any]]:
    """The rules that a revision orders, under the same keys."""
    return {
        f"{IGNORED if array == IGNORED else DENY}:{digits}": rule
        for (array, digits), rule in rules.items()
    }


def goal_digest(goal: Mapping[str, Mapping[str, Any]]) -> str:
    told = sorted((key, rule["action"]) for key, rule in goal.items())
    return hashlib.sha256(compact(told)).hexdigest()


def difference(
    held: Iterable[Held], goal: Mapping[str, Mapping[str, Any]], version: int
) -> Difference:
    """What would turn our part of `held` into `goal`."""
    ours: dict[str, list[Held]] = defaultdict(list)
    others: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        (ours if one.is_ours else others)[one.key].append(one)
    made = Difference([], {}, [], [])
    for key, rule in goal.items():
        foreign = others.get(key, [])
        says_it = all((f.action, f.is_on) == (rule["action"], True) for f in foreign)
        if foreign and says_it and key not in ours:
            made.covered.append(key)
            continue
        if clash := _clash(key, others, bool(foreign)):
            made.conflicts.append(clash)
            continue
        _settle(made, key, rule, ours.get(key, []), version)
    for key, rows in ours.items():
        if key in goal:
            continue
        if key in others:
            made.conflicts.append(
                f"{key}: a rule of others has the same hash as ours, which has to go;"
                " remove one of them in SEPM."
            )
            continue
        for one in rows:
            _remove(made, one, version)
    made.rows.sort(key=lambda row: (row["key"], row["sign"]))
    return made


def _clash(key: str, others: Mapping[str, list[Held]], has_own_key: bool) -> str:
    digits = key.partition(":")[2]
    against = others.get(key, []) if has_own_key else []
    other_list = f"{DENY if key.startswith(IGNORED) else IGNORED}:{digits}"
    against = [*against, *(one for one in others.get(other_list, []) if one.is_on)]
    if not against:
        return ""
    return (
        f"{key}: somebody else’s rule for the same hash says {against[0].state}. Which of two wins"
        " is not documented; remove that one in SEPM, or change the decision here."
    )


def _settle(
    made: Difference, key: str, rule: Mapping[str, Any], rows: list[Held], version: int
) -> None:
    fits = [one for one in rows if one.action == rule["action"] and one.is_on]
    if fits:
        for extra in (one for one in rows if one is not fits[0]):
            _remove(made, extra, version)
        return
    before = rows[0].state if rows else ""
    name = str(rule["processfile"].get("name") or "")
    sign = "chg" if rows else "add"
    made.rows.append(_row(sign, key, name, before, rule["action"]))
    made.patch.setdefault(_array(key, version), []).append({**rule, "deleted": False})


def _remove(made: Difference, one: Held, version: int) -> None:
    made.rows.append(_row("del", one.key, one.name, one.state, ""))
    kept = {name: value for name, value in one.raw.items() if value is not None}
    made.patch.setdefault(_array(one.key, version), []).append({**kept, "deleted": True})


def _row(sign: str, key: str, name: str, before: str, after: str) -> dict[str, str]:
    return {"sign": sign, "key": key, "name": name, "before": before, "after": after}


def _array(key: str, version: int) -> str:
    return IGNORED if key.startswith(IGNORED) else DENIED[version]
