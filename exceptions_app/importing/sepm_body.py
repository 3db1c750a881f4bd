"""Rules of a SEPM 14 exceptions policy, as GET of its REST interface (version 1 or 2) answers."""

from __future__ import annotations

from typing import Any

from exceptions_app.importing.foreign import EXTENSIONS, NESTED, VERSION_2, checked
from exceptions_app.importing.rules import FileRules, ImportRefused, Rule
from truscan.logs.values import normal_hash

IGNORED = {"IGNORE": "ignore"}
DENIED = {"QUARANTINE": "quarantine", "BLOCK": "terminate"}
OURS = {"applications": IGNORED, "denylistrules": DENIED, "blacklistrules": DENIED}
# Kinds of rules that this program does not manage: counted, told, and kept as they are.
LISTS = frozenset(
    [
        "applications_to_monitor",
        "files",
        "tamper_files",
        "directories",
        "knownrisks",
        "webdomains",
        "certificates",
        "non_pe_rules",
        "dns_and_host_applications",
        "dns_and_host_blacklistrules",
        "dns_and_host_denylistrules",
    ]
)


def is_body(document: object) -> bool:
    return isinstance(document, dict) and isinstance(document.get("configuration"), dict)


def read_body(document: dict[str, Any]) -> FileRules:
    """ImportRefused for a member of `configuration` that no known version has, and for rules of
    another shape: what is not understood is not half taken."""
    found = FileRules("SEPM body")
    foreign: dict[str, Any] = {}
    for member, value in document["configuration"].items():
        name = VERSION_2.get(member, member)
        if member in OURS:
            foreign.setdefault(name, []).extend(
                rule for rule in _list(member, value) if not _take(found, member, rule)
            )
        elif member in LISTS:
            found.leave(member, len(_list(member, value)))
            foreign.setdefault(name, []).extend(_list(member, value))
        elif member == EXTENSIONS:
            found.leave(member, _extensions(value))
            foreign[member] = value
        elif member in NESTED:
            _nested(found, member, value)
            foreign[member] = value
        else:
            raise ImportRefused(
                f"The body has the member {member[:60]!r}, which versions 1 and 2 of the interface"
                " have not: nothing of it was taken."
            )
    found.foreign = checked(foreign)
    return found


def _take(found: FileRules, member: str, rule: Any) -> bool:
    """True if the rule is one that we manage, and was taken."""
    file = rule.get("processfile") if isinstance(rule, dict) else None
    if not isinstance(file, dict) or not isinstance(file.get("sha2"), str):
        raise ImportRefused(f"A rule of {member} has no processfile with a hash in sha2.")
    action = str(rule.get("action") or "").upper()
    state = rule.get("rulestate") or {}
    is_on = not isinstance(state, dict) or state.get("enabled", True)
    response = OURS[member].get(action)
    if response is None or not is_on or rule.get("deleted"):
        found.leave(f"{member} {action or 'without action'}{'' if is_on else ', disabled'}")
        return False
    digits, _ = normal_hash(file["sha2"])
    if digits is None or len(digits) not in (32, 40, 64):
        raise ImportRefused(f"{file['sha2'][:80]!r} in {member} is no SHA-256, SHA-1 or MD5.")
    size = file.get("size")
    found.rules.append(
        Rule(
            digits,
            response,
            name=str(file.get("name") or ""),
            company=str(file.get("company") or ""),
            size=size if isinstance(size, int) and 0 < size < 2**63 else None,
        )
    )
    return True


def _list(member: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImportRefused(f"{member} is no list, as it is in versions 1 and 2.")
    return value


def _extensions(value: Any) -> int:
    """Null, one object, or an array of objects: all three were seen."""
    lists = value if isinstance(value, list) else [value]
    return sum(
        len(one.get("extensions") or []) if isinstance(one, dict) else 1
        for one in lists
        if one is not None
    )


def _nested(found: FileRules, member: str, value: Any) -> None:
    for kind, rules in (value if isinstance(value, dict) else {}).items():
        count = _extensions(rules) if kind == EXTENSIONS else len(_list(f"{member}.{kind}", rules))
        found.leave(f"{member}.{kind}", count)
