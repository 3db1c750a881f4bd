from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from truscan import audit

if TYPE_CHECKING:
    from argparse import ArgumentParser

# Enough to see where it starts to be wrong.
SHOWN = 20


class Command(BaseCommand):
    help = "Walk the ledger's hash chain; exit status 0 only if every row holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", help="a hash noted before; it must be in the ledger")
        parser.add_argument("--json", action="store_true", help="one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        expected = options["head"].strip().lower() if options["head"] else None
        count, head, broken = audit.verify(expected)
        if options["json"]:
            found = [{"event": b.event_id, "why": b.why} for b in broken]
            self.stdout.write(json.dumps({"events": count, "head": head, "broken": found}))
        else:
            self.stdout.write(f"{count} events, head {head}")
            for b in broken[:SHOWN]:
                self.stdout.write(f"event {b.event_id} {b.why}" if b.event_id else b.why)
        if broken:
            raise CommandError(f"The ledger does not hold: {len(broken)} findings.")
