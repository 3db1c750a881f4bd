from __future__ import annotations

import pytest

from exceptions_app.evidence.reputation import NO_DATA, reputation


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("disposition", "Good", "known as good"),
        ("disposition", "BAD ", "known as bad"),
        ("disposition", "127", NO_DATA),
        ("disposition", "Reputation was not used in this detection.",
         "not asked for in this detection"),
        ("prevalence", "This file has been seen by fewer than 5 Symantec users.",
         "very rare: fewer than 5 Symantec users have it"),
        ("prevalence", "This file has been seen by hundreds of thousands of Symantec users.",
         "very common: hundreds of thousands of Symantec users have it"),
        ("prevalence", "Unknown", NO_DATA),
        ("prevalence", "Wird von einigen benutzt", "Wird von einigen benutzt"),
        ("confidence", "There is some evidence that this file is untrustworthy.",
         "some evidence against it"),
        ("confidence", "There is growing evidence that this file is trustworthy.",
         "growing evidence that it is trustworthy"),
        ("confidence", "-1", NO_DATA),
    ],
)  # fmt: skip
def test_a_log_speaks_in_words(column: str, text: str, words: str) -> None:
    said = {row.column: row for row in reputation({column: text})}
    assert (said[column].words, said[column].as_read) == (words, text)
    assert all(row.words == NO_DATA for name, row in said.items() if name != column)


def test_a_line_that_gives_nothing_is_no_data() -> None:
    assert [row.words for row in reputation({"disposition": None})] == [NO_DATA] * 3
