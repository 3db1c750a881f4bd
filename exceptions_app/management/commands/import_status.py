from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from exceptions_app.arrival.status_file import MOST_BYTES, StatusRefused, read_status
from exceptions_app.arrival.take_in import count_status, take_in_status
from exceptions_app.arrival.told import as_json
from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import add_common, find_actor

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Take in a computer-status CSV: which policy serial number each client runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")
        parser.add_argument("--domain", default="", help="for lines that name none")
        parser.add_argument("--timezone", default="UTC", help="of times without an offset")
        parser.add_argument("--date-order", choices=["dmy", "mdy", "ymd"])
        parser.add_argument(
            "--as-of", help="when the table was made (ISO 8601); else its newest check-in"
        )
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        now = timezone.now()
        try:
            with path.open("rb") as stream:
                body = stream.read(MOST_BYTES + 1)
            actor = find_actor(options["user"])
            zone, order = options["timezone"], options["date_order"]
            file = read_status(body, now=now, zone=zone, order=order)
            counted = count_status(
                file, now=now, user=actor.user, domain=options["domain"],
                as_of=_moment(options["as_of"]),
            )  # fmt: skip
            if not options["dry_run"]:
                take_in_status(actor=actor, counted=counted, name=path.name)
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        told = {"file": path.name, "dry_run": options["dry_run"]} | as_json(file, counted)
        self.stdout.write(json.dumps(told) if options["json"] else _lines(told))


def _moment(text: str | None) -> Any:
    if text is None:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise StatusRefused("--as-of is a time with its offset, such as 2026-03-02T09:00:00Z.")
    return at


def _lines(told: dict[str, Any]) -> str:
    counts = ("created", "updated", "unchanged", "older", "rejected")
    lines = [", ".join(f"{told[name]} {name}" for name in counts)]
    return "\n".join(lines + [f"line {one['line']}: {one['why']}" for one in told["bad_lines"]])
