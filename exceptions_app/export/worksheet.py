"""For a SEP 11 console, which takes no file: what to click, row by row, to tick off.

The clicks are those of the Solutions Guide p. 75. A CSV for a sheet and an HTML page for paper.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from exceptions_app.export.canonical import visible
from exceptions_app.export.checks import refuse_wrong_rules, warnings_about
from exceptions_app.export.findings import Finding, counted
from truscan.csv_cells import begins_formula

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.safestring import SafeString

    from exceptions_app.export.content import Package
    from exceptions_app.export.entry import Entry, PublishedSet

HEADER = (
    "Policy",
    "Revision",
    "Group",
    "Location",
    "Process",
    "SHA-1",
    "Other hashes",
    "Path",
    "Application type",
    "Response",
    "Kind",
    "Steps",
    "Reason",
    "Expires",
    "Done",
)
FROM_LOG = "exception from the log"
FORCED = "forced detection, unverified"


LOG_STEPS = (
    "Monitors > Logs, log type TruScan Proactive Threat Scan, a time range with the detection",
    "Find the process and compare its hash with this sheet; select it",
    "Action “Add Process to Centralized Exceptions Policy”, Start",
    "Choose the response of this row",
    "Tick the policy of this page, OK",
)
FORCED_STEPS = (
    "Policies > Centralized Exceptions, edit the policy of this page",
    "Add > TruScan Proactive Threat Scan Exceptions > Process, type the file name, OK",
    "Wait until clients log the process",
    "Then take it from the log as above, with the response of this row",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as cells of text, made visible."""

    process: str
    sha1: str
    other_hashes: str
    path: str
    application_type: str
    response: str
    forced: bool
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Page:
    """One policy: where it is in force, and its rules."""

    policy: str
    revision: int
    sha256: str
    groups: tuple[str, ...]
    locations: tuple[str, ...]
    places: tuple[str, ...]
    from_log: tuple[Row, ...]
    forced: tuple[Row, ...]


def warnings(package: Package) -> list[Finding]:
    """Those of every target, and files of which no SHA-1 is known: SEP 11 compares that."""
    return sorted([*warnings_about(package), *_without_sha1(package)])


def files(package: Package) -> dict[str, bytes]:
    """`worksheet.csv` and `worksheet.html`. ExportRefused as for every target."""
    refuse_wrong_rules(package)
    pages = [_page(package, one) for one in package.sets]
    return {"worksheet.csv": _csv(pages), "worksheet.html": _html(pages, warnings(package))}


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: an apostrophe before a formula.

    >>> safe_cell("=1+1")
    "'=1+1"
    """
    shown = visible(text)
    if begins_formula(text) or (shown != text and begins_formula(shown)):
        return "'" + shown
    return shown


def _csv(pages: Iterable[Page]) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need to see that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADER)
    for page in pages:
        head = [safe_cell(page.policy), str(page.revision)]
        head += [safe_cell("; ".join(page.groups)), safe_cell("; ".join(page.locations))]
        writer.writerows(_cells(head, row) for row in (*page.from_log, *page.forced))
    return out.getvalue().encode("utf-8-sig", "replace")


def _cells(head: list[str], row: Row) -> list[str]:
    shown = (row.process, row.sha1, row.other_hashes, row.path, row.application_type, row.response)
    return [
        *head,
        *map(safe_cell, shown),
        FORCED if row.forced else FROM_LOG,
        _STEPS[row.forced],
        safe_cell(row.reason),
        safe_cell(row.expires),
        "",
    ]


def _table_rows(rows: Iterable[Row], steps: int) -> SafeString:
    """The body of a table with a box per step; in Python, since a template takes four times as
    long for thousands of rows, and Django's own joining twice as long."""
    boxes = '<td class="step">☐</td>' * steps
    lines = (
        f"<tr>{boxes}<td><bdi>{escape(row.process)}</bdi></td><td>{escape(row.response)}</td>"
        f'<td class="hash">{escape(row.sha1)}</td><td class="hash">{escape(row.other_hashes)}</td>'
        f"<td><bdi>{escape(row.path)}</bdi></td><td><bdi>{escape(row.application_type)}</bdi></td>"
        f"<td><bdi>{escape(row.reason)}</bdi></td><td>{escape(row.expires)}</td></tr>"
        for row in rows
    )
    return mark_safe("\n".join(lines))  # noqa: S308 - every text above is escaped


def _html(pages: list[Page], warnings: list[Finding]) -> bytes:
    context = {
        "pages": [
            {
                "page": page,
                "from_log": _table_rows(page.from_log, len(LOG_STEPS)),
                "forced": _table_rows(page.forced, len(FORCED_STEPS)),
            }
            for page in pages
        ],
        "warnings": [visible(str(finding)) for finding in warnings],
        "log_steps": LOG_STEPS,
        "forced_steps": FORCED_STEPS,
    }
    page = render_to_string("exceptions_app/export/worksheet.html", context)
    return page.encode("utf-8", "replace")


def _page(package: Package, one: PublishedSet) -> Page:
    places = package.places_of(one)
    rows = [_row(entry) for entry in one.entries]
    return Page(
        policy=visible(one.policy),
        revision=one.number,
        sha256=one.sha256,
        groups=_distinct(place.group for place in places),
        locations=_distinct(place.location or "(the group itself)" for place in places),
        places=tuple(visible(place.place) for place in places),
        from_log=tuple(row for row in rows if not row.forced),
        forced=tuple(row for row in rows if row.forced),
    )


def _distinct(names: Iterable[str], most: int = 20) -> tuple[str, ...]:
    """Each once, in order; a cell that lists hundreds of groups helps nobody."""
    found = list(dict.fromkeys(visible(name) for name in names))
    rest = len(found) - most
    return (
        (*found[:most], f"and {rest:,} more, listed in worksheet.html")
        if rest > 0
        else tuple(found)
    )


def _row(entry: Entry) -> Row:
    others = [one for one in entry.hashes if not one.startswith("sha1:")]
    return Row(
        process=visible(entry.name or entry.application_name or "(unnamed process)"),
        sha1=" ".join(entry.digests("sha1")),
        other_hashes=" ".join(others),
        path=visible(entry.path),
        application_type=visible(entry.application_type),
        response=entry.response.capitalize(),
        forced=not entry.hashes,
        reason=visible(entry.reason),
        expires=entry.expires_at or "",
    )


def _without_sha1(package: Package) -> Iterable[Finding]:
    for one in package.sets:
        count = sum(1 for e in one.entries if e.hashes and not e.digests("sha1"))
        if count:
            yield Finding(
                "no_sha1",
                one.policy,
                "",
                f"{counted(count, 'has', 'have')} no SHA-1, by which SEP 11 knows a file.",
                "Take the process from the log, where the console has its SHA-1.",
            )


def _numbered(steps: Iterable[str]) -> str:
    return " ".join(f"{number}. {step}." for number, step in enumerate(steps, 1))


# By Row.forced; never a formula, so made once.
_STEPS = {False: _numbered(LOG_STEPS), True: _numbered(FORCED_STEPS)}
