from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import add_common, find_actor, find_policy
from exceptions_app.policies.publish import publish

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Publish a policy's draft as its next revision; without a change, tell the latest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--note", default="")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            revision = publish(
                actor=find_actor(options["user"]),
                policy=find_policy(options["name"]),
                now=timezone.now(),
                note=options["note"],
            )
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        facts = {
            "policy": revision.policy.name,
            "revision": revision.number,
            "sha256": revision.sha256,
            "entries": revision.entries.count(),
        }
        told = f"{revision}: {facts['entries']} entries, SHA-256 {revision.sha256}"
        self.stdout.write(json.dumps(facts) if options["json"] else told)
