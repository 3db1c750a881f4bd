"""The bounds of a plan's gates: defaults with their reasons, and what may be set. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite


class Mode(StrEnum):
    """Whether a gate holds the plan, only shows what it would have said, or is not asked."""

    REQUIRED = "required"
    DRY_RUN = "dry run"
    OFF = "off"


class Key(StrEnum):
    DAYS = "days"
    HEARD = "heard"
    FRESH = "fresh"
    OPEN = "open"
    WAITING = "waiting"
    COVERED = "covered"
    LEGITIMATE = "legitimate_as_risk"
    FALSE_QUARANTINES = "false_quarantines"
    LOAD = "load"
    CONTENT = "content"
    UNSEEN = "unseen"


class Unit(StrEnum):
    DAYS = "days"
    HOURS = "hours"
    SHARE = "share"
    PROCESSES = "processes"
    OCCURRENCES = "occurrences"
    A_DAY = "a day"


@dataclass(frozen=True, slots=True)
class Rule:
    """A gate as it is made: its number is to be at least (or at most) a bound; beyond `back_at`
    it speaks for going back one level. `most` is the largest bound that makes sense."""

    key: Key
    title: str
    unit: Unit
    at_least: bool
    bound: float
    back_at: float | None
    mode: Mode
    why: str
    most: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a plan asks of one gate."""

    bound: float
    back_at: float | None
    mode: Mode


RULES: dict[Key, Rule] = {
    rule.key: rule
    for rule in (
        Rule(Key.DAYS, "Days at the level", Unit.DAYS, True, 3, None, Mode.REQUIRED,
             "The guide stays a few days at each level (p. 77).", 60),
        Rule(Key.HEARD, "Clients heard from", Unit.SHARE, True, 0.8, None, Mode.REQUIRED,
             "Clients can be offline for days; silence is not health (p. 59).", 1),
        Rule(Key.FRESH, "Age of the newest line", Unit.HOURS, False, 36, None, Mode.REQUIRED,
             "Clients upload their logs about every hour; old logs tell of old days (p. 58).", 720),
        Rule(Key.OPEN, "Open processes", Unit.PROCESSES, False, 5, None, Mode.REQUIRED,
             "Before each raise the processes of this level have their exceptions (pp. 76-79).",
             100_000),
        Rule(Key.WAITING, "Longest wait for a decision", Unit.DAYS, False, 7, None, Mode.REQUIRED,
             "What nobody decided for a week is not watched.", 365),
        Rule(Key.COVERED, "Possibly legitimate, covered by Ignore", Unit.SHARE, True, 0.9, None,
             Mode.REQUIRED,
             "As a policy fills up, fewer legitimate ones are potential risks (p. 72).", 1),
        Rule(Key.LEGITIMATE, "Legitimate, still reported as security risks", Unit.PROCESSES, False,
             0, 5, Mode.REQUIRED,
             "Too many of them are the guide's reason to lower the level (pp. 76-79).", 10_000),
        Rule(Key.FALSE_QUARANTINES, "False quarantines", Unit.OCCURRENCES, False, 0, 3,
             Mode.REQUIRED, "Clients stopped what people say is legitimate.", 100_000),
        Rule(Key.LOAD, "Detections per user and day", Unit.A_DAY, False, 20, None, Mode.REQUIRED,
             "Users must not be flooded; notifications can be turned off (pp. 76-79).", 10_000),
        Rule(Key.CONTENT, "Days since the content changed", Unit.DAYS, True, 3, None, Mode.DRY_RUN,
             "New content may change what is detected, without any change of level (p. 33).", 60),
        Rule(Key.UNSEEN, "Chance that the next is a new process", Unit.SHARE, False, 0.05, None,
             Mode.DRY_RUN,
             "Of all that scans would report, ignored or not; an estimate, so learn the bound.", 1),
    )
}  # fmt: skip


def defaults() -> dict[Key, Threshold]:
    return {key: Threshold(rule.bound, rule.back_at, rule.mode) for key, rule in RULES.items()}


def checked(key: Key, bound: float, back_at: float | None, mode: Mode) -> Threshold:
    """A threshold that makes sense for the gate; ValueError with a sentence for the person."""
    rule = RULES[key]
    if not (isfinite(bound) and 0 <= bound <= rule.most):
        raise ValueError(f"“{rule.title}” takes a bound from 0 to {rule.most:g}.")
    if back_at is None:
        return Threshold(bound, None, mode)
    if rule.back_at is None:
        raise ValueError(f"“{rule.title}” is no reason to go back a level.")
    if not (isfinite(back_at) and bound < back_at <= rule.most):
        raise ValueError(
            f"“{rule.title}” speaks for going back from a number above its bound of {bound:g}, "
            f"up to {rule.most:g}."
        )
    return Threshold(bound, back_at, mode)
