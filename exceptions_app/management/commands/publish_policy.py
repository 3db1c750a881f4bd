from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError, NotFound
from exceptions_app.management.lookups import add_common, find_actor, find_policy
from exceptions_app.policies.go_back import go_back
from exceptions_app.policies.publish import publish

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from exceptions_app.models.policy import Revision


class Command(BaseCommand):
    help = "Publish a policy's draft as its next revision; without a change, tell the latest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--note", default="", help="for the history; with --revision, why")
        parser.add_argument(
            "--revision", type=int, help="publish the rules of this earlier revision again"
        )
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            revision = self._publish(**options)
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

    def _publish(
        self, *, name: str, note: str, revision: int | None, user: str | None, **_: Any
    ) -> Revision:
        actor, policy, now = find_actor(user), find_policy(name), timezone.now()
        if revision is None:
            return publish(actor=actor, policy=policy, now=now, note=note)
        earlier = policy.revisions.filter(number=revision).first()
        if earlier is None:
            raise NotFound(f"{policy} has no revision {revision}.")
        published, result = go_back(actor=actor, revision=earlier, reason=note, now=now)
        for skip in result.skipped:
            self.stderr.write(f"left out: {skip.why}")
        return published
