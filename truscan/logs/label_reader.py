from __future__ import annotations

import re
from collections.abc import Sequence

from truscan.logs.console_csv import Line, Outcome, unreadable
from truscan.logs.errors import LineError
from truscan.logs.events import EVENTS, RISK_EVENTS, known_event
from truscan.logs.labelled import Parts, layout_of, split_labels
from truscan.logs.layout import Layout
from truscan.logs.other_types import ignored, other_kind, slug
from truscan.logs.raw_rows import RawRows
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine
from truscan.logs.rows import RowBuilder, Rules

# A file has two or three layouts; the limit keeps a hostile one from collecting them.
_MOST_LAYOUTS = 6
# Sources and risk names by which the risk log says that a behaviour scan made the detection.
_BEHAVIOUR_SOURCES = ("heuristic", "sonar", "truscan", "bash")

# <PRI>1 time host program process message [data]: its last part may be a lone hyphen.
_RFC5424 = re.compile(r"<\d{1,3}>1 (?:\S+ ){5}(?:-|(?:\[[^\]]*\])+) ?\ufeff?")


class LabelReader:
    """Reads the lines of syslog and dump files, in all generations mixed."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._layouts: list[Layout] = []

    def read(
        self, line_no: int, lines: Sequence[Line], at_end: bool, is_cut: bool
    ) -> tuple[Sequence[Outcome | RawRows], int]:
        """Successive lines; `is_cut`: the last one has no line end."""
        out: list[Outcome | RawRows] = []
        last = line_no + len(lines) - 1 if is_cut else 0
        run: RawRows | None = None
        for no, line in enumerate(lines, line_no):
            row = self._row(no, line, no == last)
            if not isinstance(row, tuple):
                run = None
                if row is not None:
                    out.append(row)
                continue
            builder, texts = row
            if run is None or run.builder is not builder:
                numbers: list[int] = []
                run = RawRows(builder, numbers, [])
                out.append(run)
            numbers.append(no)
            run.texts.append(texts)
        return out, len(lines)

    def _row(
        self, no: int, line: Line, is_cut: bool
    ) -> tuple[RowBuilder, list[str]] | Outcome | None:
        if isinstance(line, bytes):
            return unreadable(no, line)
        if not line:
            return None
        try:
            return self._cut(no, line, is_cut)
        except LineError as error:
            return RejectedLine(no, error.code, error.reason, b"")

    def _cut(
        self, line_no: int, line: str, is_cut: bool
    ) -> tuple[RowBuilder, list[str]] | LogRecord | IgnoredLine:
        """One line as the texts of its layout; LineError if it cannot be read.

        A line whose layout is not kept becomes a record: nothing can be learned for the next.
        """
        for layout in self._layouts:
            found = layout.cut(line)
            if found is not None:
                return self._tell(line_no, line, layout, *found, is_cut)
        parts = split_labels(line)
        name = layout_of(parts) if parts else None
        if parts is None or name is None:
            return self._other(line_no, line)
        layout = self._layout(name, parts)
        told = self._tell(line_no, line, layout, parts.head, parts.texts, is_cut)
        if isinstance(told, IgnoredLine) or layout in self._layouts:
            return told
        return layout.builder.build(line_no, told[1])

    def _layout(self, name: str, parts: Parts) -> Layout:
        for layout in self._layouts:
            if layout.labels == parts.labels:
                return layout
        layout = Layout(name, parts.labels, self._rules)
        if parts.is_regular and len(self._layouts) < _MOST_LAYOUTS:
            self._layouts.append(layout)
        return layout

    def _tell(
        self,
        line_no: int,
        line: str,
        layout: Layout,
        head: str,
        texts: list[str],
        is_cut: bool,
    ) -> tuple[RowBuilder, list[str]] | IgnoredLine:
        event = event_of(head)
        texts.insert(0, event)
        if layout.name == "risk" and not self._is_behaviour(event, layout, texts):
            kind = None if known_event(event) or _is_risk(event) else other_kind(line)
            return ignored(line_no, kind or slug(event), line, self._rules.clock)
        if is_cut and "source_ip" not in layout.at:
            raise LineError("cut-line", "The line ends in the middle: its last fields are missing.")
        return layout.builder, texts

    def _is_behaviour(self, event: str, layout: Layout, texts: list[str]) -> bool:
        """Whether a line of the risk log was written for a proactive scan."""
        name = known_event(self._rules.vocabulary.meaning("event", event) or event)
        if name is not None and name not in RISK_EVENTS:
            return True
        words = event.casefold()
        if "sonar" in words or "truscan" in words:
            return "has generated an error" not in words
        source = texts[layout.at["source"]].casefold() if "source" in layout.at else ""
        risk = texts[layout.at["risk_name"]].casefold() if "risk_name" in layout.at else ""
        return risk.startswith("sonar.") or any(word in source for word in _BEHAVIOUR_SOURCES)

    def _other(self, line_no: int, line: str) -> IgnoredLine:
        event = event_of(line)
        if event.casefold() in EVENTS:
            raise LineError("cut-line", "The line ends behind the event's name.")
        kind = slug(event) if _is_risk(event) else other_kind(line)
        if kind is None:
            raise LineError(
                "not-a-log-line",
                "The line has no label that the manager's logs have, and no SymantecServer header.",
            )
        return ignored(line_no, kind, line, self._rules.clock)


def _is_risk(event: str) -> bool:
    return event.casefold() in RISK_EVENTS


def event_of(head: str) -> str:
    """The event name at the end of `<prefix>event`.

    Prefixes end with `: ` (syslog, both orders of host and program) or a comma (dump file, stray
    comma); event names have neither.
    """
    if head[:1] == "<":
        head = _RFC5424.sub("", head, count=1)
    comma, colon = head.rfind(",") + 1, head.rfind(": ")
    return head[max(comma, colon + 2 if colon >= 0 else 0) :].strip().strip('"')
