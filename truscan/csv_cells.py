"""What a cell of a CSV file must not begin with."""

from __future__ import annotations

# A spreadsheet computes what begins so; the wide forms are formulas for some.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def begins_formula(text: str) -> bool:
    """True if a spreadsheet would take the cell for a formula, blanks before it or not."""
    if text[:1].isalnum():  # nearly all of them
        return False
    return text.lstrip(" ").startswith(FORMULA) or text.lstrip().startswith(FORMULA)
