from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exceptions_app.export.legal_name import FORBIDDEN, file_name, legal_name, utf16_units
from tests.exceptions_app.export.any_rules import TEXT

# As names are: half surrogates cannot be stored.
NAMES = st.text("ab/:*é😀 ", min_size=1, max_size=5) | st.text(min_size=200, max_size=400)
LONG = st.text(min_size=200, max_size=400)


@pytest.mark.parametrize("name", ["Sales", "Vertrieb & Co", "営業", "a" * 255])
def test_a_legal_name_stays(name: str) -> None:
    assert legal_name(name) == name


@pytest.mark.parametrize("name", ["", "  ", "***", "\x00", '/ \\ "'])
def test_nothing_legal_leaves_nothing(name: str) -> None:
    assert legal_name(name) == ""


@given(TEXT | LONG)
def test_every_other_name_becomes_legal(name: str) -> None:
    legal = legal_name(name)
    assert not set(legal) & FORBIDDEN
    assert utf16_units(legal) <= 255
    assert legal == legal.strip()
    assert legal_name(legal) == legal


@given(NAMES, NAMES)
def test_two_names_never_become_one(first: str, second: str) -> None:
    assume(first != second)
    assert legal_name(first) != legal_name(second) or legal_name(first) == ""


@given(TEXT | LONG)
def test_file_names_are_safe_everywhere(name: str) -> None:
    made = file_name(name)
    assert made.isascii()
    assert not set(made) & set('/\\*?<>:"| ')
    assert not made.startswith((".", "-"))
    assert 0 < len(made) <= 67


@pytest.mark.parametrize("name", ["con", "NUL", "aux.txt", ".."])
def test_names_of_devices_and_folders_are_changed(name: str) -> None:
    assert file_name(name) != name
