from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from truscan.access.actor import Actor
from truscan.access.first_administrator import NAME, make_administrator

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Make an administrator of the whole estate with a random password, printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default=NAME)
        parser.add_argument("--new-password", action="store_true", help="replace the password")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        password = make_administrator(
            actor=Actor.on_command_line(), name=name, renew=options["new_password"]
        )
        if options["json"]:
            self.stdout.write(json.dumps({"name": name, "password": password}))
        elif password is None:
            self.stdout.write(f"There is an account {name} already; --new-password replaces it.")
        else:
            self.stdout.write(f"Sign in as {name} with the password  {password}")
