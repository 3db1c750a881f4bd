from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import add_common, find_actor, find_group, find_location
from exceptions_app.policies.assign import create_policy

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from exceptions_app.models.policy import Policy


class Command(BaseCommand):
    help = "Make a Centralized Exceptions Policy and assign it; an equal one is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--group", nargs="+", action="extend", default=[], metavar="PATH")
        parser.add_argument("--domain", help="the groups' domain, if a path is in several")
        parser.add_argument("--location", metavar="NAME", help="of the one group given")
        parser.add_argument("--not-shared", action="store_true")
        parser.add_argument("--description", default="")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            policy = self._create(options)
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        facts = {"policy": policy.pk, "name": policy.name, "shared": policy.shared}
        self.stdout.write(json.dumps(facts) if options["json"] else f"{policy.name} is there.")

    def _create(self, options: dict[str, Any]) -> Policy:
        groups = [find_group(path, options["domain"]) for path in options["group"]]
        if options["location"] and len(groups) != 1:
            raise CommandError("--location needs exactly one --group.")
        return create_policy(
            actor=find_actor(options["user"]),
            name=options["name"],
            groups=groups,
            location=find_location(groups[0], options["location"]) if options["location"] else None,
            shared=not options["not_shared"],
            description=options["description"],
        )
