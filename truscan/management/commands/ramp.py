from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from truscan.access.actor import Actor
from truscan.management.commands._ramp_told import (
    forecast_told,
    gates_told,
    plan_told,
    rows_told,
)
from truscan.models.estate import Group, Location
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import act
from truscan.ramp.calendar import make_link
from truscan.ramp.create import checked_steps, create_plan, shape_of, steps_outline
from truscan.ramp.errors import RampError
from truscan.ramp.find import find_group, find_location, find_plan
from truscan.ramp.layout import COMMERCIAL_ACTIONS
from truscan.ramp.open_days import BUSINESS_DAYS, EVERY_DAY, OpenDays, read_closures
from truscan.ramp.outline import replanned
from truscan.ramp.override import OVERRIDES
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Profile, Track
from truscan.ramp.plan_thresholds import set_threshold
from truscan.ramp.replan import Move, preview, replan
from truscan.ramp.rows import state_of, with_rows
from truscan.ramp.scan_settings import NAMES, record_setting
from truscan.ramp.schedule import Action
from truscan.ramp.thresholds import Key, Mode

ACTS = (Action.CONFIRM, Action.HOLD, Action.RESUME, Action.BACK, Action.END)
CLOSED = "such as “2026-12-20 2027-01-05 freeze Year end”; may be given several times"

BY_VERB = {f"{what}-override": act_on for what, act_on in OVERRIDES.items()}


class Command(BaseCommand):
    help = "Make, show and move ramp plans: the sensitivity of TruScan scans over 60 to 90 days."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self._add_create(verbs.add_parser("create", help="plan a track of a scan policy"))
        for verb in (
            "show",
            "gates",
            "forecast",
            "calendar-link",
            *(action.value for action in ACTS),
        ):
            self._add_verb(verb, verbs.add_parser(verb))
        move = verbs.add_parser("move", help="another day for a step; the rest follows")
        move.add_argument("--level", required=True)
        move.add_argument("--to", required=True, type=date.fromisoformat, metavar="DATE")
        days = verbs.add_parser("calendar", help="replace the days on which nothing is due")
        days.add_argument("--business-days", action="store_true")
        days.add_argument(
            "--closed", action="append", default=[], metavar="FIRST LAST KIND NAME", help=CLOSED
        )
        threshold = verbs.add_parser("threshold", help="another bound for one gate of the plan")
        threshold.add_argument("--gate", required=True, choices=list(Key))
        threshold.add_argument("--bound", required=True, type=float)
        threshold.add_argument("--back-at", type=float, default=None)
        threshold.add_argument("--mode", default=Mode.REQUIRED, choices=list(Mode))
        self._add_verb("threshold", threshold)
        for verb in BY_VERB:
            self._add_verb(verb, verbs.add_parser(verb))
        setting = verbs.add_parser("setting", help="record a scan setting that was set in SEPM")
        setting.add_argument("--name", required=True, choices=NAMES)
        setting.add_argument("--value", required=True)
        self._add_verb("setting", setting)
        for verb, replanner in (("move", move), ("calendar", days)):
            replanner.add_argument("--preview", action="store_true", help="store nothing")
            self._add_verb(verb, replanner)

    def _add_create(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scan-policy", required=True, metavar="NAME")
        parser.add_argument("--track", required=True, choices=list(Track))
        parser.add_argument("--group", required=True, nargs="+", metavar="PATH")
        parser.add_argument("--location", default="", metavar="NAME")
        parser.add_argument("--start", required=True, type=date.fromisoformat, metavar="DATE")
        parser.add_argument(
            "--days",
            required=True,
            type=int,
            metavar="DAYS",
            help=f"{MIN_DAYS} to {MAX_DAYS}, else with a reason",
        )
        parser.add_argument("--timezone", default="UTC", metavar="ZONE")
        parser.add_argument("--action", default="quarantine", choices=COMMERCIAL_ACTIONS)
        parser.add_argument("--profile", default="ramp", choices=list(Profile))
        for name, what in (
            ("--break-in", "days on vendor defaults before the first level"),
            ("--enforce-after", "days at the last level before the action changes"),
            ("--watch", "days of watching the log afterwards"),
        ):
            parser.add_argument(name, default=0, type=int, metavar="DAYS", help=what)
        parser.add_argument("--dwells", nargs="+", default=(), type=int, metavar="DAYS")
        parser.add_argument("--business-days", action="store_true")
        parser.add_argument(
            "--closed", action="append", default=[], metavar="FIRST LAST KIND NAME", help=CLOSED
        )
        parser.add_argument("--preview", action="store_true", help="the dates; store nothing")
        self._add_common(parser)

    def _add_verb(self, verb: str, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--scan-policy", default="", metavar="NAME")
        which.add_argument("--group", default="", metavar="PATH")
        parser.add_argument("--track", default="", choices=list(Track))
        if verb in (Action.CONFIRM, Action.BACK, *BY_VERB):
            parser.add_argument(
                "--level", default="", help="the level that SEPM now has; else the plan's"
            )
        if verb == "gates":
            parser.add_argument("--rows", default="", choices=list(Key), help="those behind a gate")
        if verb == "show":
            parser.add_argument("--on", type=date.fromisoformat, metavar="DATE")
        self._add_common(parser)

    def _add_common(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", metavar="TEXT")
        parser.add_argument("--user", default="", metavar="NAME")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verb"] in ("move", "calendar"):
                self._replan(options)
                return
            if options["verb"] == "create" and options["preview"]:
                self._tell(_dates(options), options["json"])
                return
            if options["verb"] == "calendar-link":
                self._print_link(_found(options), _actor(options["user"]), options["json"])
                return
            plan = self._run(options)
        except RampError as error:
            raise CommandError(str(error)) from error
        row, now = with_rows(RampPlan.objects.filter(pk=plan.pk)).get(), timezone.now()
        if options["verb"] == "gates" and options["rows"]:
            told = rows_told(row, Key(options["rows"]), now)
        elif options["verb"] == "gates":
            told = gates_told(row, now)
        elif options["verb"] == "forecast":
            told = forecast_told(row, now)
        else:
            told = plan_told(row, now, options.get("on"))
        self._tell(told, options["json"])

    def _replan(self, options: dict[str, Any]) -> None:
        plan, now = _found(options), timezone.now()
        change = (
            Move(options["level"], options["to"])
            if options["verb"] == "move"
            else _open_days(options)
        )
        shown = preview(plan, change, now)
        if not options["preview"]:
            actor = _actor(options["user"])
            replan(actor=actor, plan=plan, change=change, reason=options["reason"], now=now)
        if options["json"]:
            self.stdout.write(json.dumps(replanned(plan, shown), ensure_ascii=False))
            return
        for shift in shown.shifts:
            self.stdout.write(f"{shift.name:<24} {shift.before_on}  {shift.after_on}")

    def _run(self, options: dict[str, Any]) -> RampPlan:
        verb, actor = options["verb"], _actor(options["user"])
        if verb == "create":
            return self._create(actor, options)
        plan = _found(options)
        if verb in ("show", "gates", "forecast"):
            return plan
        now = timezone.now()
        if verb == "setting":
            record_setting(
                actor=actor,
                policy=plan.scan_policy,
                setting=options["name"],
                value=options["value"],
                reason=options["reason"],
                now=now,
            )
            return plan
        if verb == "threshold":
            told = {name: options[name] for name in ("gate", "bound", "back_at", "mode", "reason")}
            set_threshold(actor=actor, plan=plan, **told)
            return plan
        if verb in BY_VERB:
            level = options["level"] or state_of(plan, now).permit(Action.CONFIRM).level
            return BY_VERB[verb](
                actor=actor, plan=plan, level=level, reason=options["reason"], now=now
            )
        action = Action(verb)
        level = options.get("level") or state_of(plan, now).permit(action).level
        return act(action, actor=actor, plan=plan, level=level, reason=options["reason"], now=now)

    def _create(self, actor: Actor, options: dict[str, Any]) -> RampPlan:
        uses: list[tuple[Group, Location | None]] = []
        for path in options["group"]:
            group = find_group(path, Group.objects.all())
            name = options["location"]
            uses.append((group, find_location(group, name) if name else None))
        return create_plan(
            actor=actor,
            scan_policy=options["scan_policy"],
            track=options["track"],
            uses=uses,
            start_on=options["start"],
            days=options["days"],
            zone=options["timezone"],
            action=options["action"],
            reason=options["reason"],
            break_in=options["break_in"],
            enforce_after=options["enforce_after"],
            watch=options["watch"],
            dwells=options["dwells"],
            profile=options["profile"],
            open_days=_open_days(options),
            now=timezone.now(),
        )

    def _tell(self, told: tuple[dict[str, Any], list[str]], as_json: bool) -> None:
        facts, lines = told
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if as_json else "\n".join(lines))

    def _print_link(self, plan: RampPlan, actor: Actor, as_json: bool) -> None:
        secret = make_link(actor=actor, plan=plan)
        address = settings.BASE_URL + reverse("ramp-calendar", args=[secret])
        self._tell(({"address": address}, [address]), as_json)


def _found(options: dict[str, Any]) -> RampPlan:
    return find_plan(
        plans=RampPlan.objects.all(),
        scan_policy=options["scan_policy"],
        group=options["group"],
        track=options["track"],
    )


def _dates(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What `create` would plan."""
    names = ("profile", "days", "action", "break_in", "enforce_after", "watch", "dwells")
    shape, track = shape_of(**{name: options[name] for name in names}), options["track"]
    steps = checked_steps(track, options["start"], shape, options["reason"], _open_days(options))
    told = steps_outline(track, steps)
    return {"steps": told}, [f"{one['on']}  {one['name']}" for one in told]


def _open_days(options: dict[str, Any]) -> OpenDays:
    try:
        closures = read_closures("\n".join(options["closed"]))
    except ValueError as error:
        raise CommandError(str(error)) from error
    return OpenDays(BUSINESS_DAYS if options["business_days"] else EVERY_DAY, closures)


def _actor(user_name: str) -> Actor:
    if not user_name:
        return Actor.on_command_line()
    user = User.objects.filter(username=user_name, is_active=True).first()
    if user is None:
        raise CommandError(f"No active user “{user_name}”.")
    return Actor.on_command_line(user)
