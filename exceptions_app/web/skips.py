"""Why an act leaves things as they are, in words with a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the code of `triage.plan.Skip`; the most grave first.
WORDS = {
    "symantec_list": "on Symantec’s own list, for which no exception can be made",
    "needs_approval": "need a second person",
    "out_of_scope": "outside the groups where you decide",
    "decided_meanwhile": "decided by somebody since you looked",
    "no_hash": "without a hash: a name alone never makes an Ignore",
    "unknown_process": "not known any more",
    "same": "have this response already",
    "already_observed": "are observed there already",
}


def counted_words(counts: Mapping[str, int]) -> list[tuple[int, str]]:
    """(how many, why), none that is zero."""
    known = [(counts[code], words) for code, words in WORDS.items() if counts.get(code)]
    others = sum(n for code, n in counts.items() if code not in WORDS)
    return [*known, (others, "left for another reason")] if others else known
