"""Numbers of gates for people. Pure Python."""

from __future__ import annotations

from truscan.ramp.thresholds import Unit


def show(unit: Unit, number: float | None) -> str:
    """A number for people: "93 %", "5 h", "1,200"; a dash when it is not known.

    >>> show(Unit.SHARE, 0.0431)
    '4.3 %'
    """
    if number is None:
        return "–"
    if unit is Unit.SHARE:
        percent = number * 100
        return f"{percent:.1f} %" if 0 < percent < 10 and percent % 1 else f"{percent:.0f} %"
    text = f"{number:,.0f}" if number >= 10 or number % 1 == 0 else f"{number:,.1f}"
    if unit is Unit.HOURS:
        return f"{text} h"
    if unit is Unit.DAYS:
        return f"{text} day" if text == "1" else f"{text} days"
    return f"{text} a day" if unit is Unit.A_DAY else text
