"""A reminder in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from truscan.ramp.reminders import Reminder, ReminderKind
from truscan.ramp.words import clicks, level_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.contrib.auth.models import User

    from truscan.models.ramp import RampPlan


def when_of(reminder: Reminder, today: date) -> str:
    """ "in 2 days", "tomorrow", "today", "3 days overdue": seen from the plan's local day."""
    days = (reminder.due_on - today).days
    if reminder.kind is ReminderKind.BEFORE and days > 0:
        return "tomorrow" if days == 1 else f"in {days} days"
    if days >= 0:
        return "today"
    return "1 day overdue" if days == -1 else f"{-days} days overdue"


def subject_of(plan: RampPlan, reminder: Reminder, today: date) -> str:
    """One line, at most 255 characters."""
    when = when_of(reminder, today)
    due = when if "overdue" in when else f"due {when}"
    level = level_name(plan.track, reminder.level)
    mark = "Escalated: " if reminder.kind is ReminderKind.ESCALATED else ""
    step = f"{mark}{level[0].upper()}{level[1:]}, {due}"
    line = f"{step}: {plan.scan_policy}, {plan.get_track_display()}"
    return " ".join(line.split())[:255]


def body_of(plan: RampPlan, reminder: Reminder, link: str) -> str:
    """Plain text: the date, the groups, the clicks in SEPM, the link to the plan."""
    places = [f"  {use.group}{_at(use.location)}" for use in plan.scan_policy.uses.all()]
    steps = clicks(plan.track, plan.scan_policy.name, reminder.level)
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    due = f"{reminder.due_on:%A} {reminder.due_on.day} {reminder.due_on:%B %Y}, 09:00"
    return "\n".join(
        [
            f"{plan.get_track_display()} of the scan policy “{plan.scan_policy}”: the next step "
            f"is {level_name(plan.track, reminder.level)}, due {due} ({plan.timezone}).",
            "",
            "Before you raise it: have the legitimate processes of the present level their",
            "exceptions? If too many of them are reported as security risks, hold the plan or",
            "go back one level instead.",
            "",
            *numbered,
            "",
            "Groups with this policy:",
            *places,
            "",
            link,
            "",
        ]
    )


def escalated_body_of(
    plan: RampPlan, reminder: Reminder, link: str, approvers: Sequence[User]
) -> str:
    """Plain text for those above: who was reminded in vain, then what the reminder said."""
    names = ", ".join(user.get_username() for user in approvers)
    return "\n".join(
        [
            "Nobody has confirmed this step or held the plan, though it was reminded of daily.",
            f"Reminded: {names}.",
            "",
            body_of(plan, reminder, link),
        ]
    )


def path_of(plan: RampPlan) -> str:
    return reverse("ramp-plan", args=[plan.pk])


def _at(location: object | None) -> str:
    return f", location {location}" if location else ""
