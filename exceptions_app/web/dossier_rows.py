"""What the pages of a dossier show, made of its document and of nothing else: a sealed one looks
the same for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from truscan.ramp.before_after import Load, Sums
from truscan.ramp.levels import AtLevel, constancy
from truscan.web.ramp_charts import ratios

if TYPE_CHECKING:
    from collections.abc import Iterable

# So many rows of each list are on the page; the JSON has more.
SHOWN = 100
MARKS = {"pass": "ignore", "fail": "quarantine", "inconclusive": "plain"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a gate said when a level was left; `answer` "" = it was not asked."""

    answer: str
    shown: str
    asked: str
    mode: str
    is_overridden: bool

    @property
    def mark(self) -> str:
        return MARKS.get(self.answer, "plain")


@dataclass(frozen=True, slots=True)
class GateRow:
    title: str
    cells: list[Cell | None]


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """The context of the page: the document, and its gates as a table of gates by levels."""
    judged = [event for event in document["events"] if event["gates"] and event["kind"] != ASKED]
    columns = [_column(event) for event in judged if event["kind"] == "confirmed"]
    names = [event["name"] for event in judged if event["kind"] == "confirmed"]
    if document["gates_at_the_end"]:
        columns.append(_cells(document["gates_at_the_end"], ()))
        names.append("at the end" if document["outcome"] == "finished" else "now")
    titles = list(dict.fromkeys(title for column in columns for title in column))
    return {
        "document": document,
        "gate_names": names,
        "gate_rows": [GateRow(t, [column.get(t) for column in columns]) for t in titles],
        "exceptions": document["exceptions"]["listed"][:SHOWN],
        "observed": document["observed"]["listed"][:SHOWN],
        "decisions": document["decisions"]["listed"][::-1][:SHOWN],
        **ratio_of(document["stays"]),
        "without_reports": [s["name"] for s in document["stays"] if not s["days_reported"]],
    }


ASKED = "override_asked"


def ratio_of(stays: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The ratio of every stay drawn, and whether it is nearly constant, in one sentence."""
    levels = [AtLevel(stay["level"], stay["name"], _sums(stay), {}) for stay in stays]
    found = constancy(levels)
    told = "Ratio of possibly legitimate to security risk by level"
    return {
        "constancy": found,
        "ratio_chart": ratios(levels, found, told, found.sentence) if found.times else "",
    }


def _sums(stay: dict[str, Any]) -> Sums:
    first = date.fromisoformat(stay["first_day"])
    return Sums(
        first,
        date.fromisoformat(stay["last_day"]),
        stay["days_reported"],
        stay["potential"] or 0,
        stay["security"] or 0,
        commercial=0,
        other=0,
        ignored=0,
        new=stay["new_processes"] or 0,
        load=Load(first, 0, 0, 0),
    )


def _column(event: dict[str, Any]) -> dict[str, Cell]:
    return _cells(event["gates"], event["overrides"])


def _cells(gates: list[dict[str, Any]], overrides: Iterable[str]) -> dict[str, Cell]:
    passed_over = set(overrides)
    return {
        gate["title"]: Cell(
            gate["answer"], gate["shown"], gate["asked"], gate["mode"], gate["gate"] in passed_over
        )
        for gate in gates
    }
