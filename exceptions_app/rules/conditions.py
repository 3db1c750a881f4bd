"""What a rule asks of a process: read from JSON, checked, and told in words. Pure.

    {"signer": ["contoso, ltd."], "location": ["programs"], "computers_min": 10}

Lists hold what may be: one of them is enough; all conditions must hold. Texts are compared without
regard to case; a name may hold `*` for any text, `path` is the beginning of a generic path.
"""

from __future__ import annotations

from typing import Any

from exceptions_app.errors import BadValue
from exceptions_app.suggest.location import LABELS as LOCATIONS
from exceptions_app.suggest.words import WORDS
from truscan.classify import LABELS as CLASSES

Conditions = dict[str, Any]

TEXTS = {
    "signer": "signed by",
    "company": "company",
    "name": "named",
    "path": "below",
    "type": "of application type",
}
CHOICES: dict[str, dict[str, str]] = {
    "risk_class": {str(word): label for word, label in CLASSES.items()},
    "location": {word: label for word, label in LOCATIONS.items() if word},
    "events": {
        "potential_risk": "Potential risk found",
        "security_risk": "Security risk found",
        "commercial": "Commercial application detected",
    },
    "disposition": {"good": "known as good", "bad": "known as bad", "none": "not known"},
    "suggests": {word: word.capitalize() for word in WORDS},
}
NUMBERS = {
    "computers_min": "on at least {} computers",
    "computers_max": "on at most {} computers",
    "groups_min": "in at least {} groups",
    "groups_max": "in at most {} groups",
    "detections_min": "at least {} detections",
    "known_days_min": "seen for at least {} days",
    "sure_min": "suggestion right in at least {} %",
}
SAYS = {
    "risk_class": "class",
    "location": "lies in",
    "events": "only",
    "disposition": "by Symantec’s reputation",
    "suggests": "suggested",
}
# A rule that names nothing of these would decide whatever comes.
NAMING = ("signer", "company", "name", "path", "suggests")
VALUES_MAX, TEXT_MAX, NUMBER_MAX = 50, 300, 1_000_000_000


def checked(data: object) -> Conditions:
    """The conditions without empty ones, in a fixed order; BadValue says what is wrong."""
    if not isinstance(data, dict):
        raise BadValue("Conditions are a JSON object: a name and its values each.")
    unknown = sorted(set(data) - TEXTS.keys() - CHOICES.keys() - NUMBERS.keys())
    if unknown:
        raise BadValue(f"There is no condition {str(unknown[0])[:40]!r}.")
    told: Conditions = {}
    for name in TEXTS:
        if values := _texts(name, data.get(name)):
            told[name] = values
    for name, choices in CHOICES.items():
        if values := _texts(name, data.get(name)):
            wrong = [value for value in values if value not in choices]
            if wrong:
                raise BadValue(f"{wrong[0]!r} is none of {', '.join(choices)}.")
            told[name] = values
    for name in NUMBERS:
        if (number := _number(name, data.get(name))) is not None:
            told[name] = number
    _whole(told)
    return told


def _whole(told: Conditions) -> None:
    if not any(name in told for name in NAMING):
        raise BadValue(
            "Name a signer, company, file name, path or suggestion: a rule without one would decide"
            " whatever comes."
        )
    if "sure_min" in told and "suggests" not in told:
        raise BadValue("Say which suggestion is meant, beside how sure it must be.")
    for what in ("computers", "groups"):
        if told.get(f"{what}_min", 0) > told.get(f"{what}_max", NUMBER_MAX):
            raise BadValue(f"No process is on so many and so few {what} at once.")


def _texts(name: str, value: object) -> list[str]:
    if value in (None, "", []):
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadValue(f"{name} is a list of texts.")
    found = {one.replace("\0", "").strip().casefold(): None for one in value}
    found.pop("", None)
    if len(found) > VALUES_MAX or any(len(one) > TEXT_MAX for one in found):
        raise BadValue(f"{name} takes {VALUES_MAX} texts of {TEXT_MAX} characters.")
    if name == "name" and any(not one.replace("*", "").strip(" .") for one in found):
        raise BadValue("A name of stars only names nothing.")
    return sorted(found)


def _number(name: str, value: object) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= NUMBER_MAX:
        raise BadValue(f"{name} is a whole number from 0 up.")
    if name == "sure_min" and value > 100:
        raise BadValue("Nothing is right in more than 100 % of cases.")
    return value


def words(told: Conditions) -> list[str]:
    """Each condition as a line: "signed by contoso, ltd. or fabrikam"."""
    lines = [f"{says} {_or(told[name])}" for name, says in TEXTS.items() if name in told]
    for name, choices in CHOICES.items():
        if name in told:
            lines.append(f"{SAYS[name]} {_or([choices[value] for value in told[name]])}")
    return [*lines, *(says.format(told[name]) for name, says in NUMBERS.items() if name in told)]


def _or(values: list[str]) -> str:
    return " or ".join(values)
