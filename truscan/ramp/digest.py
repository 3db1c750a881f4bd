"""What the digest of a morning says. Pure Python.

A plan stands under one heading or under none; the text is made of the items alone, so the page
that shows a person's reminders and the message of the morning cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from truscan.ramp.plan import DUE_TIME, Event, Kind
from truscan.ramp.reminders import notice_day
from truscan.ramp.schedule import Phase, State
from truscan.ramp.words import level_name


class Section(StrEnum):
    """The headings, in the order in which they are read."""

    OVERDUE = "Overdue"
    DUE = "Due today"
    SOON = "Due soon"
    HELD = "Held"


@dataclass(frozen=True, slots=True)
class Item:
    """One plan of a digest: `says` what is next or why it is held, `path` where to act."""

    section: Section
    title: str
    says: str
    path: str


def section_of(state: State) -> Section | None:
    """The heading of a plan in this state; None if there is nothing to say of it today."""
    if state.phase is Phase.HELD:
        return Section.HELD
    if state.phase not in (Phase.PLANNED, Phase.RUNNING) or state.next is None:
        return None
    if state.days_overdue > 0:
        return Section.OVERDUE
    if state.next.on == state.today:
        return Section.DUE
    return Section.SOON if state.today >= notice_day(state.open_days, state.next.on) else None


def says_of(state: State, events: Sequence[Event], track: str, zone: str) -> str:
    """The line below the plan's name."""
    if state.phase is Phase.HELD:
        reasons = [event.reason for event in events if event.kind is Kind.HELD]
        since = f"since {state.held_on}" if state.held_on else "now"
        return f"held {since}: {' '.join(reasons[-1].split()) if reasons else 'no reason given'}"
    if state.next is None:
        return ""
    late = state.days_overdue
    overdue = f", {late} day{'' if late == 1 else 's'} overdue" if late > 0 else ""
    return f"{level_name(track, state.next.level)}, due {state.next.on} ({zone}){overdue}"


def morning_of(zone: str, now: datetime) -> tuple[date, datetime]:
    """The person's day at `now`, which begins at 09:00, and the moment it began."""
    tz = ZoneInfo(zone)
    today = now.astimezone(tz).date()
    if now < (at := _at(today, DUE_TIME, tz)):
        today -= timedelta(days=1)
        at = _at(today, DUE_TIME, tz)
    return today, at


def subject_of(items: Sequence[Item], on: date) -> str:
    """The counts by heading: "Ramp, 4 November 2026: 1 overdue, 2 held"."""
    counts = {section: sum(item.section is section for item in items) for section in Section}
    told = ", ".join(f"{n} {section.lower()}" for section, n in counts.items() if n)
    return f"Ramp, {on.day} {on:%B %Y}: {told}"


def in_order(items: Sequence[Item]) -> list[Item]:
    """The headings in their order, plans by name."""
    order = list(Section)
    return sorted(items, key=lambda item: (order.index(item.section), item.title))


def body_of(items: Sequence[Item], base_url: str) -> str:
    """Plain text, each heading once."""
    lines: list[str] = []
    for section in Section:
        found = [item for item in in_order(items) if item.section is section]
        if found:
            lines += [section.value, ""]
        for item in found:
            lines += [f"  {item.title}", f"    {item.says}", f"    {base_url}{item.path}", ""]
    return "\n".join(lines)


def _at(on: date, at: time, tz: ZoneInfo) -> datetime:
    return datetime.combine(on, at, tzinfo=tz)
