from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.truscan.logs.reading import line_of, records, rejects
from truscan.logs.errors import LogError
from truscan.logs.vocabulary import Vocabulary

SHA1 = "3F0A6E1BB1C04FF0A9E5A1E77D0C1B2A3D4E5F60"


@pytest.mark.parametrize(
    ("text", "told", "kind"),
    [
        (SHA1, SHA1.lower(), "sha1"),
        ("ab" * 32, "ab" * 32, "sha256"),
        ("ab" * 16, "ab" * 16, "md5"),
        ("0" * 40, None, "sha1"),
        ("0" * 39 + "1", None, "sha1"),
        ("F" * 40, None, "sha1"),
        ("ded6fc40-4365-4ba0-8446-3fa77a30cb6e", None, "sha1"),
        ("", None, "sha1"),
    ],
)
def test_a_filler_is_no_hash(text: str, told: str | None, kind: str) -> None:
    (r,) = records(line_of(Application_hash=text))
    assert (r.hash, r.hash_type) == (told, kind)


def test_127_and_minus_1_are_no_data() -> None:
    (r,) = records(
        line_of(Application_type="-1", Detection_score="127", Size="-1", Sensitivity="127")
    )
    assert (r.application_type, r.detection_score, r.file_size, r.sensitivity) == (None,) * 4
    assert r.extra == {}


def test_a_number_that_is_none_is_kept_as_read() -> None:
    (r,) = records(line_of(Size="about 5", Detection_score="777"))
    assert (r.file_size, r.detection_score) == (None, None)
    assert r.extra == {"File size (bytes)": "about 5", "Detection score": "777"}


def test_a_count_that_is_no_number_is_rejected() -> None:
    (reject,) = rejects(line_of(Occurrences=r"many,c:\a.exe,''"))
    assert reject.code == "bad-occurrences"


@pytest.mark.parametrize("text", ["1970-01-01 00:00:00", "2099-01-01 00:00:00"])
def test_an_impossible_time_is_rejected(text: str) -> None:
    (reject,) = rejects(line_of(Event_time=text))
    assert reject.code == "bad-event-time"
    assert text in reject.reason


def test_two_days_ahead_is_still_read() -> None:
    assert records(line_of(Event_time="2026-11-25 11:59:59"))


@pytest.mark.parametrize(("text", "code"), [("", "no-event-time"), ("soon", "bad-time")])
def test_a_line_without_a_time_is_rejected(text: str, code: str) -> None:
    assert rejects(line_of(Event_time=text))[0].code == code


@pytest.mark.parametrize(
    ("zone", "text", "told"),
    [
        ("UTC", "2024-05-01 10:00:00", datetime(2024, 5, 1, 10, 0, tzinfo=UTC)),
        ("Europe/Prague", "2024-05-01 10:00:07", datetime(2024, 5, 1, 8, 0, 7, tzinfo=UTC)),
        ("Europe/Prague", "2024-01-01 10:00:00", datetime(2024, 1, 1, 9, 0, tzinfo=UTC)),
        # Twice that night: the first of the two.
        ("Europe/Prague", "2024-10-27 02:30:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        ("Asia/Kolkata", "2024-05-01 10:00:00", datetime(2024, 5, 1, 4, 30, tzinfo=UTC)),
        ("Europe/Prague", "2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, 0, tzinfo=UTC)),
    ],
)
def test_times_are_told_in_utc(zone: str, text: str, told: datetime) -> None:
    (r,) = records(line_of(Event_time=text), zone=zone)
    assert r.event_at == told
    assert r.event_at.utcoffset() == UTC.utcoffset(None)


def test_it_refuses_a_zone_that_does_not_exist() -> None:
    with pytest.raises(LogError, match="no time zone named 'Mars'"):
        records(line_of(), zone="Mars")


def test_an_unreadable_side_time_does_not_cost_the_line() -> None:
    (r,) = records(line_of(Inserted="later"))
    assert (r.inserted_at, r.extra["Inserted"]) == (None, "later")


def test_the_vocabulary_can_be_extended() -> None:
    words = Vocabulary().extended(
        [
            ("event", "Risque potentiel trouvé", "Potential risk found"),
            ("application_type", "Cheval de Troie", "Trojan Worm"),
        ]
    )
    line = line_of(event="Risque potentiel trouvé", Application_type="Cheval de Troie")
    (r,) = records(line, vocabulary=words)
    assert (r.event, r.event_type) == ("Risque potentiel trouvé", "potential_risk")
    assert r.application_type == "Cheval de Troie"
    assert r.extra["Application type (in English)"] == "Trojan Worm"
    assert records(line)[0].event_type == "other"


def test_a_line_as_json_has_every_field() -> None:
    told = records(line_of())[0].as_json()
    assert list(told)[:3] == ["line_no", "kind", "layout"]
    assert told["event_at"] == "2024-05-01T10:00:00+00:00"
    assert told["ip_address"] is None


def test_a_reject_as_json_shows_control_characters() -> None:
    told = rejects(b"\x1b[2Jhello\r\n" + line_of().encode())[0].as_json()
    assert (told["kind"], told["raw"]) == ("rejected", "\\x1b[2Jhello")
