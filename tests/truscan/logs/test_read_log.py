from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.truscan.logs.reading import SAMPLES


def told(*args: str) -> str:
    out = io.StringIO()
    call_command("read_log", *args, stdout=out)
    return out.getvalue()


def test_it_prints_one_object_a_line() -> None:
    path = SAMPLES / "synthetic-proactive-sep12_1.txt"
    objects = [json.loads(line) for line in told(str(path), "--json").splitlines()]
    assert [(o["line_no"], o["kind"]) for o in objects] == [
        (1, "detection"),
        (2, "ignored"),
        (3, "ignored"),
    ]
    assert objects[0]["event_at"] == "2013-11-03T08:14:51+00:00"
    assert objects[1]["reason"] == "virus_found"
    assert objects[1]["raw"].startswith("Nov  3 08:16:10 SymantecServer")


def test_it_takes_a_time_zone() -> None:
    path = str(SAMPLES / "synthetic-proactive-sep12_1.txt")
    first = told(path, "--json", "--timezone", "Europe/Prague").splitlines()[0]
    assert json.loads(first)["event_at"] == "2013-11-03T07:14:51+00:00"


def test_it_sums_up_for_people() -> None:
    text = told(str(SAMPLES / "synthetic-proactive-sep14.txt"))
    assert "labelled, utf-8" in text
    assert "1  detection, labelled-g4, potential_risk" in text


def test_it_fails_on_a_file_that_is_no_log_and_reads_the_others(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    out = io.StringIO()
    with pytest.raises(CommandError, match="is a PNG image, not a log"):
        call_command(
            "read_log",
            str(picture),
            str(SAMPLES / "synthetic-proactive-sep14.txt"),
            "--json",
            stdout=out,
        )
    assert len(out.getvalue().splitlines()) == 2


def test_it_says_how_to_answer(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("Event time,Application\n03/04/2024 10:00,App\n")
    with pytest.raises(CommandError, match="'@date_order' with one of dmy, mdy"):
        told(str(table))
    mapping = tmp_path / "m.json"
    mapping.write_text('{"@date_order": "dmy"}')
    assert "1  detection, console-csv" in told(str(table), "--mapping", str(mapping))
