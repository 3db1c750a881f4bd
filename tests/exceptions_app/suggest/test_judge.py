"""The arithmetic of suggestions: leaving one out, calibration, neighbours, what is not said."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.suggest.calibrate import Band, band_for, bands_of, speaks, wilson
from exceptions_app.suggest.evidence import Tally
from exceptions_app.suggest.facts import KINDS, Seen, facts_of, number_class, pattern
from exceptions_app.suggest.judge import FEWEST, Judge
from exceptions_app.suggest.location import location_of
from exceptions_app.suggest.nearest import Nearest
from exceptions_app.suggest.words import fact_words, likeness_words, percent, reason_words
from tests.cases import cases
from truscan.logs.path_folding import generic_path

FACT = st.tuples(st.sampled_from(["signer", "name", "groups"]), st.sampled_from("abc"))
DECIDED = st.lists(
    st.tuples(
        st.lists(FACT, max_size=4, unique=True),
        st.sampled_from(["ignore", "quarantine", "observe"]),
    ),
    min_size=1,
    max_size=12,
)


def seen(number: int, **more: object) -> Seen:
    told: dict[str, object] = {
        "process_id": number,
        "name": f"tool{number}.exe",
        "path": f"%PROGRAMFILES%\\Contoso\\tool{number}.exe",
        "company": "Contoso",
        "signer": "Contoso",
        "application_type": "127",
        "risk_class": "possibly_legitimate",
        "events": {"potential_risk": 5},
        "computers": 40,
        "groups": 3,
    }
    return Seen(**{**told, **more})  # type: ignore[arg-type]


def bad(number: int) -> Seen:
    return seen(
        number,
        path=f"%USERPROFILE%\\AppData\\Local\\Temp\\x{number}.exe",
        name=f"x{number}.exe",
        company="",
        signer="",
        risk_class="probable_risk",
        events={"security_risk": 3},
        computers=1,
        groups=1,
    )


def history(good: int = 60, stopped: int = 40) -> list[tuple[Seen, str]]:
    told = [(seen(n), "ignore") for n in range(good)]
    return told + [(bad(1000 + n), "quarantine") for n in range(stopped)]


@given(decided=DECIDED)
@settings(max_examples=cases(150), suppress_health_check=[HealthCheck.too_slow])
def test_leaving_one_out_is_the_tally_of_all_the_others(
    decided: list[tuple[list[tuple[str, str]], str]],
) -> None:
    whole = Tally()
    for facts, response in decided:
        whole.add(facts, response)
    for number, (facts, response) in enumerate(decided):
        others = Tally()
        for other, (their_facts, their_response) in enumerate(decided):
            if other != number:
                others.add(their_facts, their_response)
        left_out, plain = whole.weigh(facts, own=response), others.weigh(facts)
        if plain is None:
            assert left_out is None
            continue
        assert left_out is not None
        assert left_out.share == pytest.approx(plain.share)
        for fact in facts:
            moved, expected = whole.moves(fact, response, response), others.moves(fact, response)
            assert moved == pytest.approx(expected)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9, 0.99]) | st.floats(0, 1), st.booleans())))
@settings(max_examples=cases(150), suppress_health_check=[HealthCheck.too_slow])
def test_bands_hold_every_answer_and_never_rise(answers: list[tuple[float, bool]]) -> None:
    bands = bands_of(answers)
    assert sum(band.answers for band in bands) == len(answers)
    assert sum(band.right for band in bands) == sum(right for _, right in answers)
    rates = [band.rate for band in bands]
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == len(rates)
    lowest = [band.lowest for band in bands]
    assert lowest == sorted(lowest, reverse=True)
    for share, _ in answers:
        at = band_for(bands, share)
        assert at is not None
        assert at.lowest <= share


def test_a_lucky_handful_is_not_taken_for_knowledge() -> None:
    assert wilson(0, 0) == 0
    assert wilson(5, 5) < 0.7
    assert 0.9 < wilson(25, 25) < wilson(250, 250) < 1
    assert not speaks(Band(0.9, 5, 5), usual=0.5)
    assert speaks(Band(0.9, 60, 60), usual=0.5)
    # Where 97 of 100 are ignored, 97 of 100 right is what nobody needs a suggestion for.
    assert not speaks(Band(0.9, 1000, 970), usual=0.97)
    assert speaks(Band(0.9, 1000, 990), usual=0.97)


def test_it_suggests_what_people_decided_on_the_like_and_says_why() -> None:
    judge = Judge(history())
    told = judge.calibration
    assert (told.history, told.judged) == (100, 100)
    assert told.accuracy == 1.0
    assert told.coverage == 1.0
    found = judge.of(seen(5000))
    assert found is not None
    assert found.response == "ignore"
    assert found.band.answers >= 50
    reasons = {reason.kind: reason for reason in found.reasons}
    assert any(reason.having == reason.agreeing == 60 for reason in reasons.values())
    assert found.neighbours[0].shared == ("folder", "signer", "company")
    stopped = judge.of(bad(5001))
    assert stopped is not None
    assert stopped.response == "quarantine"


def test_it_says_nothing_from_too_few_or_contradicting_decisions() -> None:
    assert Judge(history(FEWEST - 1, 0)).of(seen(9)) is None
    assert Judge([]).calibration.accuracy is None
    mixed = [(seen(n), "ignore" if n % 2 else "quarantine") for n in range(100)]
    judge = Judge(mixed)
    assert judge.calibration.said == 0
    assert judge.of(seen(500)) is None
    only_ever = Judge([(seen(n), "ignore") for n in range(100)])
    # Everything was ignored so far: saying so again is right, and no malware was seen yet.
    assert only_ever.of(seen(500)) is not None
    assert only_ever.of(bad(501)) is None or only_ever.calibration.usual == {"ignore": 1.0}


def test_a_process_that_is_decided_elsewhere_is_judged_by_the_others() -> None:
    odd = (seen(77, signer="Elsewhere", company="Elsewhere", path="Z:\\e.exe"), "quarantine")
    judge = Judge([*history(), odd])
    found = judge.of(odd[0])
    assert found is None or all(n.process_id != 77 for n in found.neighbours)


def test_facts_are_folded_and_levels_are_none_of_them() -> None:
    path = generic_path("C:\\Users\\bob\\Downloads\\A.EXE")
    facts = dict(facts_of(seen(1, path=path, name="A.EXE", signer="CONTOSO")))
    assert list(facts) == [kind for kind in KINDS if kind in facts]
    assert facts["file"] == "%userprofile%\\downloads\\a.exe"
    assert facts["location"] == "downloads"
    assert facts["signer"] == facts["company"] == "contoso"
    assert facts["build"].endswith("|contoso")
    assert not any("level" in kind or "sensitivity" in kind for kind in facts)
    nameless = dict(facts_of(seen(1, path="", name="")))
    assert "name" not in nameless
    assert nameless["location"] == ""
    assert [number_class(n) for n in (0, 1, 2, 9, 10, 5000)] == [
        "1", "1", "2 to 9", "2 to 9", "10 to 99", "1,000 or more",
    ]  # fmt: skip
    assert pattern({"potential_risk": 90, "security_risk": 10}) == "few risks"
    assert pattern({}) == "none"


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("C:\\Users\\bob\\AppData\\Local\\Temp\\a.exe", "temp"),
        ("C:\\Windows\\Temp\\a.exe", "temp"),
        ("C:\\Windows\\System32\\a.exe", "system"),
        ("C:\\Program Files (x86)\\a\\a.exe", "programs"),
        ("E:\\a.exe", "drive"),
        ("\\\\server\\share\\a.exe", "share"),
        ("C:\\ProgramData\\a\\a.exe", "shared_data"),
        ("/home/bob/Downloads/a", "downloads"),
        ("a.exe", "other"),
        ("", ""),
    ],
)
def test_a_path_has_one_location(path: str, word: str) -> None:
    assert location_of(generic_path(path)) == word


def test_neighbours_are_bounded_and_the_likest_first() -> None:
    nearest = Nearest()
    for number in range(500):
        nearest.add(number, facts_of(seen(number)), "ignore")
    nearest.add(900, facts_of(seen(7, computers=41)), "quarantine")
    found = nearest.of(facts_of(seen(7)), besides=7)
    assert len(found) == 5
    assert found[0].process_id == 900
    assert "build" in found[0].shared
    assert nearest.of(facts_of(bad(1))) == []


def test_words_are_plain_and_never_promise_everything() -> None:
    assert percent(1.0) == "99 %"
    assert percent(0.976) == "97 %"
    assert reason_words("signer", "contoso", 41, 40, "ignore") == (
        "signed by contoso: 40 of 41 ignored"
    )
    assert likeness_words(["build", "file", "name"]) == "same name, folder and maker"
    assert likeness_words([]) == "alike in behaviour and place"
    for kind in KINDS:
        assert fact_words(kind, "x")
        assert len(fact_words(kind, "x" * 500)) < 120, kind
