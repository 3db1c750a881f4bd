from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.arrival.serial import Arrival, arrival, newest, serial_at
from tests.make import NOW

OLD, NEW = "7A5B-03/10/2008 17:32:09 421", "7A5B-03/11/2008 01:00:00 5"


def test_a_serial_tells_its_time_in_gmt() -> None:
    assert serial_at(OLD) == datetime(2008, 3, 10, 17, 32, 9, 421_000, UTC)
    assert newest([OLD, "rubbish", NEW, ""]) == NEW
    assert newest(["", "rubbish"]) == ""


@pytest.mark.parametrize(
    "text",
    ["", "7A5B", "7A5B-13/10/2008 17:32:09 421", "7A5B-02/30/2008 17:32:09 421", "7A5B-٠3/10/2008"],
)
def test_what_has_another_form_tells_none(text: str) -> None:
    assert serial_at(text) is None


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    serial_at(text)


def test_silence_comes_before_equal_serials_and_unknown_stays_unknown() -> None:
    week = NOW - timedelta(days=7, seconds=1)
    assert arrival(NEW, NEW, NOW, NOW) is Arrival.CURRENT
    assert arrival(OLD, NEW, NOW, NOW) is Arrival.BEHIND
    assert arrival(NEW, NEW, week, NOW) is Arrival.SILENT
    assert arrival(NEW, NEW, None, NOW) is Arrival.CURRENT
    assert arrival("", NEW, NOW, NOW) is Arrival.UNKNOWN
    assert arrival(NEW, "", NOW, NOW) is Arrival.UNKNOWN
