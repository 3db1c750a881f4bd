from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from truscan.fleet.fleet import Fleet
from truscan.fleet.names import ROOT
from truscan.logs.write import FORMS


class Command(BaseCommand):
    help = "Write a synthetic log file: the same arguments give the same bytes on every machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--form", choices=FORMS, required=True)
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--start", type=date.fromisoformat, default=date(2026, 1, 5))
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--groups", type=int, default=200)
        parser.add_argument("--computers", type=int, default=50_000)
        parser.add_argument("--processes", type=int, default=20_000)
        parser.add_argument("--root", default=ROOT, help="name of the topmost group")

    def handle(self, *args: Any, **options: Any) -> None:
        start = datetime.combine(options["start"], time(), UTC)
        try:
            fleet = Fleet(
                options["seed"],
                groups=options["groups"],
                computers=options["computers"],
                processes=options["processes"],
                root=options["root"],
            )
            with options["out"].open("w", encoding="utf-8", newline="\n") as out:
                fleet.write(out, options["rows"], start, options["days"], form=options["form"])
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['rows']} rows, {options['form']}: {options['out']}")
