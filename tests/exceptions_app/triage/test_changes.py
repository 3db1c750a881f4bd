from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.triage.changes import BuildFacts, changes, flags, version_of

BEFORE = BuildFacts(
    hash="a", version="7.4.1", signer="Contoso Ltd", company="Contoso", size=1000,
    risk_class="possibly_legitimate", computers=10, disposition="Good",
)  # fmt: skip
UPDATE = replace(BEFORE, hash="b", version="7.10.0", size=1100)
UNSIGNED = {"signer": ""}


def codes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, bool]:
    found = flags(replace(BEFORE, **before), replace(UPDATE, **after))
    return {flag.code: flag.needs_person for flag in found}


def test_an_ordinary_update_has_no_flag_and_tells_what_changed() -> None:
    assert flags(BEFORE, UPDATE) == []
    assert [c.label for c in changes(BEFORE, UPDATE)] == ["Version", "Size in bytes", "Hash"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"signer": "Contoso Inc"}, {"signer_changed": True}),
        ({}, {"signer": ""}, {"unsigned_now": True}),
        (UNSIGNED, {}, {"signer_changed": True}),
        (UNSIGNED, {**UNSIGNED, "company": "Contoso, Inc."}, {"company_changed": True}),
        ({**UNSIGNED, "company": ""}, {**UNSIGNED, "company": ""}, {"no_publisher": True}),
        (UNSIGNED, UNSIGNED, {}),
        ({}, {"company": "Contoso Group"}, {}),
        ({}, {"risk_class": "probable_risk"}, {"judged_worse": True}),
        ({"risk_class": "keylogger"}, {"risk_class": "probable_risk"}, {}),
        ({}, {"risk_class": "cannot_be_excepted"}, {}),
        ({}, {"disposition": "BAD"}, {"bad_reputation": True}),
        ({}, {"version": "7.4"}, {"version_back": False}),
        ({"version": "7.9"}, {"version": "7.10"}, {}),
        ({}, {"version": "7.4.1"}, {"version_same": False}),
        ({}, {"version": ""}, {}),
        ({}, {"computers": 29}, {}),
        ({}, {"computers": 30}, {"spreads": False}),
        ({"computers": 1}, {"computers": 19}, {}),
        ({}, {"size": 3000}, {"size": False}),
        ({}, {"size": None}, {}),
        ({}, {"is_writable": True}, {"user_writable": False}),
        ({}, {"application_type": "Keylogger"}, {"type_changed": False}),
    ],
)
def test_each_risk_is_told(
    before: dict[str, Any], after: dict[str, Any], expected: dict[str, bool]
) -> None:
    assert codes(before, after) == expected


TEXTS = st.text("aB1. \u0660", max_size=6)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_another_signer_always_needs_a_person(old: str, new: str, first: str, second: str) -> None:
    found = flags(
        replace(BEFORE, signer=old, version=first), replace(UPDATE, signer=new, version=second)
    )
    assert old == new or any(flag.needs_person for flag in found)
    assert version_of(first) <= version_of(first + ".1")
