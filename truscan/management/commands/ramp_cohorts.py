from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from truscan.access.actor import Actor
from truscan.ramp.cohort_plans import Rollout, accept, cohorts_outline, proposal
from truscan.ramp.cohorts import MAX_COHORTS, MIN_COHORTS, Cohort, digest_of
from truscan.ramp.errors import RampError
from truscan.ramp.plan import Track


class Command(BaseCommand):
    help = "Order groups without a scan policy by readiness; with --accept, plan a ramp for each."

    def add_arguments(self, parser: CommandParser) -> None:
        counts = range(MIN_COHORTS, MAX_COHORTS + 1)
        parser.add_argument("--count", type=int, default=3, choices=counts)
        parser.add_argument("--accept", default="", metavar="DIGEST", help="of the proposal shown")
        parser.add_argument("--name", default="AV cohort", help="of the scan policies")
        parser.add_argument("--track", default=Track.TROJANS, choices=list(Track))
        parser.add_argument("--start", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--gap", type=int, default=14, metavar="DAYS")
        parser.add_argument("--days", type=int, default=75, metavar="DAYS")
        parser.add_argument("--timezone", default="UTC", metavar="ZONE")
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("--user", default="", metavar="NAME")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now, count, user = timezone.now(), options["count"], None
        if options["user"]:
            user = User.objects.filter(username=options["user"], is_active=True).first()
            if user is None:
                raise CommandError(f"No active user “{options['user']}”.")
        try:
            if not options["accept"]:
                self._print(proposal(user, count, now), options["json"])
                return
            if options["start"] is None:
                raise CommandError("Say with --start when the first cohort begins.")
            plans = accept(
                actor=Actor.on_command_line(user),
                user=user,
                count=count,
                digest=options["accept"],
                rollout=_rollout(options),
                now=now,
            )
        except RampError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"plans": [plan.pk for plan in plans]}))
            return
        for plan in plans:
            self.stdout.write(f"{plan}: begins on {plan.start_on}")

    def _print(self, cohorts: list[Cohort], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(cohorts_outline(cohorts), ensure_ascii=False))
            return
        for cohort in cohorts:
            self.stdout.write(f"Cohort {cohort.number}")
            for group in cohort.groups:
                told = group.missing or (
                    f"{group.open_per_client:.2f} open a client, {group.covered_shown} covered, "
                    f"{group.stability_shown} known before this week"
                )
                self.stdout.write(f"  {group.path}: {told}")
        self.stdout.write(f"Accept it with --accept {digest_of(cohorts)} --start DATE")


def _rollout(options: dict[str, Any]) -> Rollout:
    return Rollout(
        options["name"],
        options["track"],
        options["start"],
        options["days"],
        options["gap"],
        options["timezone"],
        options["reason"],
    )
