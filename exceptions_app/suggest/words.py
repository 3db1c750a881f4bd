"""Suggestions in words. Pure: values in, sentences out."""

from __future__ import annotations

from exceptions_app.suggest.location import LABELS as LOCATIONS
from truscan.classify import LABELS as CLASSES
from truscan.classify import RiskClass

SHARED = {
    "build": "name, folder and maker",
    "file": "name and folder",
    "name": "name",
    "folder": "folder",
    "signer": "signer",
    "company": "company",
}
EVENTS = {
    "none": "no event that asks for a response",
    "commercial": "Commercial application detected",
    "potential": "Potential risk found only",
    "few risks": "Potential risk found, seldom Security risk found",
    "some risks": "Potential and Security risk found",
    "risks": "Security risk found mostly",
}
TYPES = {
    "trojan_worm": "type Trojan horse or worm",
    "keylogger": "type keylogger",
    "commercial_keylogger": "type commercial keylogger",
    "commercial": "type commercial application",
    "no_data": "no application type told",
    "other": "another application type",
}
WORDS = {"ignore": "ignored", "quarantine": "quarantined", "terminate": "terminated",
         "observe": "observed"}  # fmt: skip
VALUE_MAX = 60


def fact_words(kind: str, value: str) -> str:
    """What the process has in common with others: "signed by contoso"."""
    value = value.rstrip(".")
    shown = value if len(value) <= VALUE_MAX else f"{value[: VALUE_MAX - 1]}…"
    if kind in {"build", "file"}:
        return f"same {SHARED[kind]}"
    told = {
        "name": f"named {shown}",
        "folder": f"in {shown}" if value else "no folder told",
        "place": f"below {shown}" if value else "no folder told",
        "signer": f"signed by {shown}" if value else "no signer told",
        "company": f"company {shown}" if value else "no company told",
        "location": LOCATIONS.get(value, shown),
        "risk_class": _class(value),
        "events": EVENTS.get(value, shown),
        "type": TYPES.get(value, shown),
        "computers": f"on {_number(shown, 'computer')}",
        "groups": f"in {_number(shown, 'group')}",
        "disposition": f"disposition {shown}" if value else "no disposition told",
        "confidence": f"confidence: {shown}" if value else "no confidence told",
        "prevalence": f"prevalence: {shown}" if value else "no prevalence told",
    }
    return told.get(kind, shown)


def _class(value: str) -> str:
    return f"class {CLASSES[RiskClass(value)]}" if value in set(RiskClass) else "no class"


def _number(value: str, noun: str) -> str:
    return f"{value} {noun}" + ("" if value == "1" else "s")


def reason_words(kind: str, value: str, having: int, agreeing: int, response: str) -> str:
    """ "signed by contoso: 40 of 41 were ignored"."""
    return f"{fact_words(kind, value)}: {agreeing:,} of {having:,} {WORDS.get(response, response)}"


def percent(rate: float) -> str:
    """Never 100 %: no history proves that. percent(0.9713) is "97 %"."""
    return f"{min(int(rate * 100), 99)} %"


def likeness_words(shared: list[str]) -> str:
    """What a neighbour has in common: "same name, folder and maker"; parts are not told twice."""
    kinds = set(shared)
    if "build" in kinds:
        kinds -= {"file", "name", "folder", "signer", "company"}
    if "file" in kinds:
        kinds -= {"name", "folder"}
    told = [SHARED[kind] for kind in SHARED if kind in kinds]
    return f"same {', '.join(told)}" if told else "alike in behaviour and place"
