from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exceptions_app.demo_removal import remove_domain
from truscan.access.actor import Actor
from truscan.fleet.names import DEMO_DOMAIN
from truscan.fleet.removal import RemovalRefused


class Command(BaseCommand):
    help = f"Remove everything of the domain {DEMO_DOMAIN} in one act; the ledger says so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            gone = remove_domain(actor=Actor.on_command_line())
        except RemovalRefused as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"removed": gone}))
        elif gone:
            told = ", ".join(f"{table} {count:,}" for table, count in gone.items())
            self.stdout.write(f"{DEMO_DOMAIN} is removed: {told}.")
        else:
            self.stdout.write(f"There is no {DEMO_DOMAIN} to remove.")
