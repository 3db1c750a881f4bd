from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truscan.classify import (
    LABELS,
    ApplicationKind,
    Classified,
    RiskClass,
    application_kind,
    classify,
    on_symantec_list,
    suggests,
)
from truscan.logs.events import ALLOWED, COMMERCIAL, FORCED, OTHER, POTENTIAL, SECURITY

WORDS = (POTENTIAL, SECURITY, COMMERCIAL, FORCED, ALLOWED, OTHER)


def classified(*events: str, kind: str | None = None, permitted: str | None = None) -> Classified:
    return classify(
        event_types=frozenset(events), application_type=kind, permitted_reason=permitted
    )


def test_it_works() -> None:
    found = classified(POTENTIAL, kind="127", permitted="Not on the permitted application list")
    assert found.risk_class == "possibly_legitimate"
    assert found.label == "Possibly legitimate"
    assert "possibly a legitimate process" in found.reason
    assert found.suggests == ("ignore",)


@pytest.mark.parametrize(
    ("events", "kind", "permitted", "expected", "responses"),
    [
        ([SECURITY], "Trojan Worm", None, RiskClass.PROBABLE_RISK, ("quarantine", "terminate")),
        ([SECURITY, POTENTIAL], "1", "0", RiskClass.PROBABLE_RISK, ("quarantine", "terminate")),
        ([POTENTIAL], "Trojan Worm", "MDS", RiskClass.POSSIBLY_LEGITIMATE, ("ignore",)),
        ([POTENTIAL, FORCED], None, None, RiskClass.POSSIBLY_LEGITIMATE, ("ignore",)),
        ([POTENTIAL], "2", None, RiskClass.KEYLOGGER, ("quarantine", "terminate")),
        (
            [COMMERCIAL],
            "Commercial Keylogger",
            None,
            RiskClass.KEYLOGGER,
            ("quarantine", "terminate", "ignore"),
        ),
        ([COMMERCIAL], "127", None, RiskClass.COMMERCIAL_APPLICATION, ("ignore", "quarantine")),
        ([POTENTIAL], "100", None, RiskClass.COMMERCIAL_APPLICATION, ("ignore", "quarantine")),
        ([FORCED, ALLOWED], "1", None, RiskClass.ALREADY_COVERED, ()),
        ([POTENTIAL], "1", "101", RiskClass.ALREADY_COVERED, ()),
        ([SECURITY], "1", "100", RiskClass.CANNOT_BE_EXCEPTED, ()),
        ([FORCED], "1", "Symantec permitted application list", RiskClass.CANNOT_BE_EXCEPTED, ()),
        ([OTHER], "127", None, RiskClass.UNKNOWN, ("observe",)),
        ([], None, None, RiskClass.UNKNOWN, ("observe",)),
    ],
)
def test_it_reads_event_and_application_type_together(
    events: list[str],
    kind: str | None,
    permitted: str | None,
    expected: RiskClass,
    responses: tuple[str, ...],
) -> None:
    found = classified(*events, kind=kind, permitted=permitted)
    assert (found.risk_class, found.suggests) == (expected, responses)


@given(
    events=st.frozensets(st.sampled_from(WORDS)),
    kind=st.none() | st.text() | st.sampled_from(["0", "1", "2", "100", "101", "127", "-1"]),
    permitted=st.none() | st.text() | st.sampled_from(["0", "100", "101", "102", "MDS"]),
)
def test_under_vendor_defaults_it_suggests_only_ignore(
    events: frozenset[str], kind: str | None, permitted: str | None
) -> None:
    offered = suggests(
        event_types=events,
        application_type=kind,
        permitted_reason=permitted,
        vendor_defaults=True,
    )
    assert offered in ((), ("ignore",))
    adjusted = classify(event_types=events, application_type=kind, permitted_reason=permitted)
    assert adjusted.label == LABELS[adjusted.risk_class]
    assert adjusted.reason.endswith(".")


@pytest.mark.parametrize(
    ("reason", "listed"),
    [
        ("Symantec permitted application list", True),
        (" symantec  PERMITTED application list", True),
        ("Symantec allow list", True),
        ("100", True),
        ("0", False),
        ("101", False),
        ("Not on the permitted application list", False),
        ("Not on the allow list", False),
        ("User allow list", False),
        ("Administrator permitted application list", False),
        ("MDS", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_symantec_list_cannot_be_excepted(reason: str | None, listed: bool) -> None:
    assert on_symantec_list(reason) is listed


def test_it_says_that_a_user_permitted_it() -> None:
    found = classified(POTENTIAL, permitted="User permitted application list")
    assert found.risk_class == "possibly_legitimate"
    assert "A user permitted it" in found.reason


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Trojan Worm", ApplicationKind.TROJAN_WORM),
        ("Trojan horse", ApplicationKind.TROJAN_WORM),
        ("HeuristicTrojanWorm", ApplicationKind.TROJAN_WORM),
        ("Key logger", ApplicationKind.KEYLOGGER),
        ("HeuristicKeyLogger", ApplicationKind.KEYLOGGER),
        ("CommercialKeyLogger", ApplicationKind.COMMERCIAL_KEYLOGGER),
        ("CommercialRemoteControl", ApplicationKind.COMMERCIAL),
        ("Remote control", ApplicationKind.COMMERCIAL),
        ("commercial application", ApplicationKind.COMMERCIAL),
        ("127", ApplicationKind.NO_DATA),
        ("-1", ApplicationKind.NO_DATA),
        (None, ApplicationKind.NO_DATA),
        ("200", ApplicationKind.OTHER),
        ("Ver", ApplicationKind.OTHER),
    ],
)
def test_it_reads_words_and_codes_of_application_types(
    text: str | None, kind: ApplicationKind
) -> None:
    assert application_kind(text) is kind
