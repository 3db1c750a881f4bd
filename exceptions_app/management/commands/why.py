from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.export.package import location_called
from exceptions_app.management.lookups import find_group, find_process
from exceptions_app.why.chain import why

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Tell why a process has its response in a group, from the log line to the client."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--process", required=True, metavar="HASH_OR_ID")
        parser.add_argument("--group", required=True, metavar="PATH")
        parser.add_argument("--domain", metavar="NAME", help="where two have a group of that path")
        parser.add_argument("--location", metavar="NAME")
        parser.add_argument("--json", action="store_true", help="one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            group = find_group(options["group"], options["domain"])
            name = options["location"]
            location = location_called(group, name) if name else None
            found = why(find_process(options["process"]), group, location, now=timezone.now())
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
            return
        lines = [found.answer]
        for link in found.links:
            lines += [f"{link.name:9} {link.state:9} {link.text}", *(f"  {r}" for r in link.rows)]
        self.stdout.write("\n".join(lines))
