"""A statement of this room as a person reads it: with `:name` for each value, and the values. Pure.

What is asked of many plans is asked with a list for each column; of a long one its length is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUE = re.compile(r"%\((\w+)\)s")
# So many values of a list are written out.
LISTED = 6


@dataclass(frozen=True, slots=True)
class Query:
    """`values` are those that the statement names, in its order: (name, as text)."""

    sql: str
    values: list[tuple[str, str]]


def told(sql: str, values: Mapping[str, Any]) -> Query:
    """The statement without empty lines and its values.

    >>> told("SELECT 1 WHERE x %% 10 = %(level)s", {"level": 3, "other": 4})
    Query(sql='SELECT 1 WHERE x % 10 = :level', values=[('level', '3')])
    """
    names = list(dict.fromkeys(VALUE.findall(sql)))
    text = VALUE.sub(r":\1", sql).replace("%%", "%")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return Query("\n".join(lines), [(name, _text(values[name])) for name in names])


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple, set)):
        first = ", ".join(_text(one) for one in list(value)[:LISTED])
        return f"{len(value):,} values: {first}, …" if len(value) > LISTED else first or "none"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return "not known" if value is None else f"{value}"
