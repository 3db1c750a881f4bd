"""What the conditions of rules mean."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.errors import BadValue
from exceptions_app.models.suggestion import Suggestion
from exceptions_app.rules.conditions import checked, words
from exceptions_app.rules.match import matching
from tests.exceptions_app.rules.writing import SALES, ours
from tests.make import NOW, make_group
from truscan.models.counts import ProcessSummary
from truscan.models.process import FileFacts

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"signers": ["x"]},
        {"signer": "contoso"},
        {"signer": [3]},
        {"name": ["*"]},
        {"computers_min": 3},
        {"signer": ["x"], "computers_min": True},
        {"signer": ["x"], "computers_min": -1},
        {"signer": ["x"], "computers_min": 9, "computers_max": 3},
        {"signer": ["x"], "sure_min": 90},
        {"suggests": ["ignore"], "sure_min": 101},
        {"signer": ["x"], "location": ["moon"]},
        {"signer": ["x" * 301]},
        {"signer": [str(n) for n in range(60)]},
        {"signer": ["\0", " "]},
    ],
)
def test_it_rejects_conditions_that_mean_nothing_or_everything(data: object) -> None:
    with pytest.raises(BadValue):
        checked(data)


def test_conditions_are_folded_and_told_in_words() -> None:
    told = checked({"signer": [" Contoso\0", "contoso"], "name": ["Tool*.EXE"], "groups_max": 3})
    assert told == {"signer": ["contoso"], "name": ["tool*.exe"], "groups_max": 3}
    assert words(told) == ["signed by contoso", "named tool*.exe", "in at most 3 groups"]


@pytest.mark.django_db
def test_each_condition_narrows_and_a_star_is_any_text() -> None:
    group = make_group(SALES)
    tool = ours("Tool[1].exe", "a", summary={"computers": 40, "security_occurrences": 1})
    temp = ours(
        "x.exe", "b", company_name="Other",
        generic_path="%USERPROFILE%\\AppData\\Local\\Temp\\x.exe",
    )  # fmt: skip
    Suggestion.objects.create(process=tool, response="ignore", rate=1, bound=0.95, answers=60)

    def found(**told: Any) -> set[int]:
        rows = matching(checked(told), NOW + timedelta(days=9))
        return set(rows.values_list("pk", flat=True))

    assert found(signer=["CONTOSO"]) == {tool.pk, temp.pk}
    for told in (
        {"name": ["tool[*.EXE"]}, {"company": ["contoso"]}, {"path": ["%programfiles%\\contoso"]},
        {"suggests": ["ignore"], "sure_min": 95}, {"signer": ["contoso"], "location": ["programs"]},
        {"signer": ["contoso"], "computers_min": 2},
    ):  # fmt: skip
        assert found(**told) == {tool.pk}, told
    assert found(signer=["contoso"], location=["temp"]) == {temp.pk}
    assert found(signer=["contoso"], events=["potential_risk"]) == {temp.pk}
    assert found(suggests=["ignore"], sure_min=96) == set()
    for process, said in ((tool, "127"), (tool, "Good"), (temp, "Bad")):
        FileFacts.objects.create(process=process, identity=uuid.uuid4(), disposition=said)
    ProcessSummary.objects.filter(pk=temp.pk).update(application_type="Trojan Worm")
    assert found(signer=["contoso"], disposition=["good"]) == {tool.pk}, "the newest counts"
    assert found(signer=["contoso"], disposition=["bad", "none"]) == {temp.pk}
    assert found(signer=["contoso"], type=["trojan worm"]) == {temp.pk}
    assert found(name=["tool"]) == found(path=["c:\\"]) == set()
    assert found(signer=["contoso"], known_days_min=9) == {tool.pk, temp.pk}
    assert found(signer=["contoso"], known_days_min=10) == set()
    assert found(signer=["contoso"], detections_min=6, groups_max=group.pk + 9) == set()
