from __future__ import annotations

import json
from datetime import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from truscan.access.actor import Actor
from truscan.access.reminding import RemindingError, set_reminding
from truscan.models.access import PersonSettings
from truscan.ramp.calendar import make_own_link
from truscan.ramp.mornings import items_now


class Command(BaseCommand):
    help = "How a person is reminded of ramp plans, and what a digest would tell him now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument("--digest", choices=("on", "off"), help="one message each morning")
        quiet = parser.add_mutually_exclusive_group()
        quiet.add_argument(
            "--quiet", nargs=2, type=time.fromisoformat, metavar=("FROM", "UNTIL"),
            help="hours on the person's clock, such as 22:00 07:00",
        )  # fmt: skip
        quiet.add_argument("--no-quiet", action="store_true")
        parser.add_argument(
            "--new-calendar", action="store_true",
            help="a new secret address of the calendar of all his plans; the one before ends",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"No active user “{options['user']}”.")
        row = self._set(user, options)
        told = {
            "digest": row.digest,
            "quiet_from": row.quiet_from.isoformat() if row.quiet_from else None,
            "quiet_until": row.quiet_until.isoformat() if row.quiet_until else None,
            "timezone": row.timezone,
            "now": [
                {"section": one.section, "title": one.title, "says": one.says, "path": one.path}
                for one in items_now(user, timezone.now())
            ],
        }
        if options["new_calendar"]:
            secret = make_own_link(actor=Actor.on_command_line(), user=user)
            told["calendar"] = settings.BASE_URL + reverse("own-calendar", args=[secret])
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else _text(told))

    def _set(self, user: User, options: dict[str, Any]) -> PersonSettings:
        """What is not given stays as it is."""
        row = PersonSettings.objects.filter(user=user).first() or PersonSettings(user=user)
        if not (options["digest"] or options["quiet"] or options["no_quiet"]):
            return row
        begins, ends = options["quiet"] or (row.quiet_from, row.quiet_until)
        if options["no_quiet"]:
            begins = ends = None
        digest = options["digest"] == "on" if options["digest"] else row.digest
        try:
            return set_reminding(
                actor=Actor.on_command_line(),
                user=user,
                digest=digest,
                quiet_from=begins,
                quiet_until=ends,
            )
        except RemindingError as error:
            raise CommandError(str(error)) from error


def _text(told: dict[str, Any]) -> str:
    quiet = f"{told['quiet_from']} to {told['quiet_until']}" if told["quiet_from"] else "none"
    lines = [
        "One message each morning." if told["digest"] else "Single reminders.",
        f"Quiet hours: {quiet}, {told['timezone']}.",
        *(f"  {one['title']}: {one['says']}" for one in told["now"]),
    ]
    return "\n".join([*lines, *([told["calendar"]] if "calendar" in told else [])])
