from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from config.static_stamp import is_collected, note_collected
from truscan.access.actor import Actor
from truscan.access.first_administrator import NAME, make_administrator
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Before a start: migrations, static files, and the administrator of an empty database."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-static", action="store_true", help="the files are in the image")
        parser.add_argument("--demo-wanted", metavar="FILE", help="made if demo data should follow")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date ...")
        call_command("migrate", interactive=False, verbosity=0)
        if not options["no_static"] and not is_collected(settings.STATIC_ROOT):
            call_command("collectstatic", interactive=False, verbosity=0)
            note_collected(settings.STATIC_ROOT)
        if User.objects.exists():
            return
        password = make_administrator(actor=Actor.on_command_line())
        self.stdout.write(f"\n  Sign in as {NAME} with the password  {password}")
        self.stdout.write("  It is shown this once; `make password` makes a new one.\n")
        if options["demo_wanted"] and wants_demo():
            Path(options["demo_wanted"]).touch()


def wants_demo() -> bool:
    """Synthetic data belongs on an empty page only, and not where DEMO=0 says so."""
    has_data = LogImport.objects.exists()
    return "demo" in get_commands() and not has_data and os.environ.get("DEMO") != "0"
