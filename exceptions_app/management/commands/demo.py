from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.demo import load_demo
from exceptions_app.errors import ExceptionsError
from truscan.access.actor import Actor
from truscan.fleet.names import DEMO_DOMAIN
from truscan.ingest.errors import IngestError
from truscan.ramp.errors import RampError


class Command(BaseCommand):
    help = "Fill in the synthetic demo: a log, decisions, a published policy, ramps in every state."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Reading the log of {DEMO_DOMAIN} ...")
        try:
            demo = load_demo(actor=Actor.on_command_line(), now=timezone.now())
        except (IngestError, ExceptionsError, RampError, TimeoutError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{DEMO_DOMAIN}: {demo.log_import.read} lines, {demo.revision}, ramp of {demo.plan}."
            " `python manage.py remove_demo` removes it."
        )
