from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import (
    add_common,
    find_actor,
    find_policy,
    find_process,
    lines,
    refused_all,
)
from exceptions_app.models.policy import Response
from exceptions_app.triage.decide import respond

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Give detected processes a response in the drafts of policies; repeating does nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--process", nargs="+", action="extend", required=True, metavar="HASH_OR_ID"
        )
        parser.add_argument("--response", required=True, choices=Response.values)
        parser.add_argument("--policy", nargs="+", action="extend", required=True, metavar="NAME")
        parser.add_argument("--reason", required=True)
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = respond(
                actor=find_actor(options["user"]),
                processes=[find_process(text).pk for text in options["process"]],
                policies=[find_policy(name) for name in options["policy"]],
                response=options["response"],
                reason=options["reason"],
                now=timezone.now(),
            )
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(lines(result, as_json=options["json"]))
        if refused_all(result):
            raise CommandError("Nothing was applied.")
