"""What the pages show of a replay, with names; only groups that the person sees are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.replay.core import Effect, Tally
from exceptions_app.replay.level import NAMED
from exceptions_app.replay.run import replay_drafts
from truscan.access.scope import group_ids
from truscan.models.estate import Group, Location
from truscan.models.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.policy import Policy
    from exceptions_app.replay.core import Effects
    from exceptions_app.replay.counted import ProcessRow
    from exceptions_app.replay.level import LevelReplay
    from exceptions_app.replay.run import Replay

WORDS = {
    Effect.SILENCED: "silenced",
    Effect.STOPPED: "stopped",
    Effect.OTHER_STOP: "stopped another way",
    Effect.BACK: "logged again",
}
# What clients do with a detection, in the order of the columns.
OUTCOMES = {
    "": "only logged",
    "ignore": "ignored",
    "quarantine": "quarantined",
    "terminate": "terminated",
}
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: what it is about, and a tally for each effect in the order of WORDS."""

    about: Any
    tallies: list[Tally]
    location: str = ""
    computers: int | None = None
    users: int | None = None


def seen_groups(user: User) -> set[int] | None:
    """The ids of the person's groups; None = the whole estate."""
    ids = group_ids(user)
    return None if ids is None else set(ids.values_list("pk", flat=True))


def draft_replay(policy: Policy, user: User, now: datetime) -> dict[str, Any]:
    """The context of what publishing the draft would have done, where the person sees it."""
    return shown(replay_drafts([policy.pk], now=now, groups=seen_groups(user)))


def shown(replay: Replay) -> dict[str, Any]:
    """The context of the fragments: sums, and lines by group, location, day and process."""
    folded = replay.folded
    groups = Group.objects.in_bulk(list(folded.groups))
    named = {row.process_id for row in [*replay.changes, *replay.let_through]}
    processes = Process.objects.in_bulk(named)
    return {
        "replay": replay,
        "days_count": (replay.end - replay.start).days + 1,
        "effects": [(word, replay.tally(what)) for what, word in WORDS.items()],
        "is_changed": any(replay.tally(what) for what in WORDS),
        "effect_words": list(WORDS.values()),
        "by_group": [
            Line(
                groups[pk],
                _tallies(effects),
                computers=replay.computers_by_group.get(pk, 0),
                users=replay.users_by_group.get(pk, 0),
            )
            for pk, effects in sorted(folded.groups.items(), key=lambda item: -_sum(item[1]))[
                :SHOWN
            ]
        ],
        "groups_hidden": max(len(folded.groups) - SHOWN, 0),
        "by_place": _places(replay, groups),
        "by_day": [Line(day, _tallies(of)) for day, of in sorted(folded.days.items())],
        "named": _named(replay.changes, processes),
        "bad": _named(replay.let_through[:SHOWN], processes),
        "bad_count": len(replay.let_through),
    }


def shown_level(replay: LevelReplay) -> dict[str, Any]:
    """The context of the replay of a level."""
    found = sorted(
        replay.by_group.items(), key=lambda item: -sum(t.occurrences for t in item[1].values())
    )
    groups = Group.objects.in_bulk([pk for pk, _ in found[:SHOWN]])
    ahead = (replay.ahead or [])[:NAMED]
    bad = replay.let_through[:SHOWN]
    processes = Process.objects.in_bulk({row.process_id for row in [*ahead, *bad]})
    return {
        "replay": replay,
        "days_count": (replay.end - replay.start).days + 1,
        "outcome_words": list(OUTCOMES.values()),
        "outcomes": [(word, replay.outcomes.get(key, Tally())) for key, word in OUTCOMES.items()],
        "by_group": [
            Line(groups[pk], [of.get(key, Tally()) for key in OUTCOMES]) for pk, of in found[:SHOWN]
        ],
        "groups_hidden": max(len(found) - SHOWN, 0),
        "ahead": _named(ahead, processes),
        "ahead_count": len(replay.ahead or []),
        "ahead_open": sum(1 for row in replay.ahead or [] if not row.after),
        "bad": _named(bad, processes),
        "bad_count": len(replay.let_through),
    }


def _places(replay: Replay, groups: dict[int, Group]) -> list[Line]:
    """By location, if the log gave one anywhere."""
    places = replay.folded.places
    locations = Location.objects.in_bulk({at for _, at in places if at is not None})
    if not locations:
        return []
    found = sorted(places.items(), key=lambda item: -_sum(item[1]))[:SHOWN]
    return [
        Line(
            groups[pk],
            _tallies(effects),
            location=locations[at].name if at else "the log names no location",
        )
        for (pk, at), effects in found
    ]


def _named(
    rows: list[ProcessRow], processes: dict[int, Process]
) -> list[tuple[Process, ProcessRow]]:
    return [(processes[row.process_id], row) for row in rows]


def _tallies(effects: Effects) -> list[Tally]:
    return [effects.get(what, Tally()) for what in WORDS]


def _sum(effects: Effects) -> int:
    return sum(tally.occurrences for tally in effects.values())
