"""All tables here are synthetic: the console's real export is not public."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.truscan.logs.reading import ignored, outcomes, records, rejects
from truscan.logs.errors import LogError, NeedsAnswer, UnknownHeader

HEAD = "Event,Application,Application type,File/Path,Computer,Event time,Occurrences"
ROW = r"Potential risk found,App,Trojan Worm,c:\a\b.exe,pc1,2024-05-01 10:00:00,3"


def test_it_works() -> None:
    data = f"{HEAD}\r\n{ROW}\r\n"
    (r,) = records(data)
    assert (r.line_no, r.layout, r.event_type) == (2, "console-csv", "potential_risk")
    assert (r.application_name, r.application_type) == ("App", "Trojan Worm")
    assert (r.file_path, r.file_name, r.computer) == (r"c:\a\b.exe", "b.exe", "pc1")
    assert (r.event_at, r.occurrences) == (datetime(2024, 5, 1, 10, 0, tzinfo=UTC), 3)
    assert ignored(data) == [(1, "header")]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_it_finds_the_delimiter(delimiter: str) -> None:
    data = f"{HEAD}\n{ROW}\n".replace(",", delimiter)
    assert records(data)[0].computer == "pc1"


def test_names_are_found_without_case_and_marks() -> None:
    data = "EVENT TIME,file path,User Name\n2024-05-01 10:00:00,x.exe,bob\n"
    (r,) = records("﻿" + data)
    assert (r.file_name, r.user, r.event) == ("x.exe", "bob", None)


def test_an_event_with_its_action_is_still_known() -> None:
    (r,) = records(f"{HEAD}\n{ROW.replace('risk found', 'risk found - Left alone')}\n")
    assert (r.event, r.event_type) == ("Potential risk found - Left alone", "potential_risk")


def test_an_unknown_column_is_kept() -> None:
    (r,) = records(f"{HEAD},Operating system\n{ROW},Windows XP\n")
    assert r.extra == {"Operating system": "Windows XP"}


def test_a_quoted_row_over_several_lines_counts_once_at_its_first() -> None:
    row = ROW.replace(",App,", ',"App\r\nof, two\n\n""lines""",')
    found = outcomes(f"{HEAD}\n{row}\n\n{ROW}\n")
    assert [(o.line_no, o.kind) for o in found] == [
        (1, "ignored"),
        (2, "detection"),
        (7, "detection"),
    ]
    assert found[1].application_name == 'App\nof, two\n\n"lines"'  # type: ignore[union-attr]


def test_a_quote_that_never_closes_costs_its_own_line_alone() -> None:
    bad = ROW.replace(",App,", ',"App,')
    found = outcomes("\n".join([HEAD, ROW, bad, *[ROW] * 200, ""]))
    assert [(o.line_no, o.code) for o in found if o.kind == "rejected"] == [(3, "open-quote")]  # type: ignore[union-attr]
    assert len(found) == 203


def test_a_row_with_a_missing_cell_is_rejected() -> None:
    (reject,) = rejects(f"{HEAD}\n{ROW}\nPotential risk found,App\n{ROW},,\n")
    assert (reject.line_no, reject.code) == (3, "bad-width")
    assert reject.raw == b"Potential risk found,App"


def test_a_mapping_names_unknown_columns() -> None:
    data = "Wann,Was,Wo\n2024-05-01 10:00:00,App,pc1\n"
    with pytest.raises(UnknownHeader) as e:
        records(data)
    assert e.value.columns == ("Wann", "Was", "Wo")
    assert e.value.code == "unknown-header"
    mapping = {"wann": "event_at", "Was": "application_name", "Wo": "computer"}
    (r,) = records(data, mapping=mapping)
    assert (r.application_name, r.computer) == ("App", "pc1")


def test_an_unknown_header_comes_with_suggestions() -> None:
    with pytest.raises(UnknownHeader) as e:
        records("Evnt time,Aplication,Compter\nx,y,z\n")
    assert e.value.suggestions == {
        "Evnt time": "event_at",
        "Aplication": "application_name",
        "Compter": "computer",
    }


def test_a_mapping_to_no_field_is_refused() -> None:
    with pytest.raises(LogError, match="unknown field 'when'"):
        records(f"{HEAD}\n{ROW}\n", mapping={"Event time": "when"})


def test_ambiguous_dates_are_asked_for() -> None:
    data = f"{HEAD}\n{ROW}\n".replace("2024-05-01", "03/04/2024")
    with pytest.raises(NeedsAnswer) as e:
        records(data)
    assert e.value.choices == ("dmy", "mdy")
    (r,) = records(data, mapping={e.value.key: "dmy"})
    assert r.event_at == datetime(2024, 4, 3, 10, 0, tzinfo=UTC)
    (r,) = records(data, mapping={"@date_order": "mdy"})
    assert r.event_at == datetime(2024, 3, 4, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        (("13/04/2024 10:00", "03/04/2024 10:00"), [4, 4]),
        (("04/13/2024 10:00:00 PM", "03/04/2024 9:05 am"), [4, 3]),
        (("5.5.2024 10:00", "5.5.2024 11:00"), [5, 5]),
    ],
)
def test_one_clear_date_decides_for_all(dates: tuple[str, str], months: list[int]) -> None:
    rows = [ROW.replace("2024-05-01 10:00:00", date) for date in dates]
    found = records("\n".join([HEAD, *rows]))
    assert [r.event_at.month for r in found] == months


def test_dates_that_contradict_each_other_are_refused() -> None:
    rows = [ROW.replace("2024-05-01", date) for date in ("13/04/2024", "04/13/2024")]
    with pytest.raises(LogError, match="only be day/month"):
        records("\n".join([HEAD, *rows]))


def test_a_repeated_header_is_ignored() -> None:
    assert ignored(f"sep=,\n{HEAD}\n{ROW}\n{HEAD}\n{ROW}\n") == [
        (1, "header"),
        (2, "header"),
        (4, "header"),
    ]
