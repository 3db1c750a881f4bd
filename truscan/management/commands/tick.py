from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from config.memory import settle
from truscan.ticking import tick_once

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Do what is due by now; with --every again and again, for a machine without a broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["every"]:
            tick_once(timezone.now())
            return
        settle()
        stopping = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
        while True:
            try:
                tick_once(timezone.now())
            except OperationalError as e:
                self.stderr.write(f"The database does not answer: {e}")
            close_old_connections()
            if stopping.wait(options["every"]):
                return
