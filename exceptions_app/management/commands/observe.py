from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import (
    add_common,
    find_actor,
    find_group,
    find_process,
    lines,
    refused_all,
)
from exceptions_app.models.watch import SAID
from exceptions_app.triage.watching import observe

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Keep logging processes in groups and below, without an exception, out of the way."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--process", nargs="+", action="extend", required=True, metavar="HASH_OR_ID"
        )
        parser.add_argument("--group", nargs="+", action="extend", required=True, metavar="PATH")
        parser.add_argument("--domain", help="the groups' domain, if a path is in several")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--occurrences", type=int, help="back after so many more detections")
        parser.add_argument("--computers", type=int, help="back after so many more computers")
        parser.add_argument("--groups", type=int, help="back after so many new groups below")
        parser.add_argument("--hashes", type=int, help="back after so many new builds of it")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        wires = {key: options[key] for key in SAID if options[key]}
        try:
            result = observe(
                actor=find_actor(options["user"]),
                processes=[find_process(text).pk for text in options["process"]],
                groups=[find_group(path, options["domain"]) for path in options["group"]],
                reason=options["reason"],
                now=timezone.now(),
                tripwires=wires,
            )
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(lines(result, as_json=options["json"]))
        if refused_all(result):
            raise CommandError("Nothing was applied.")
