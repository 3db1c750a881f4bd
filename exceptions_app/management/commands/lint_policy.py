from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import find_policy
from exceptions_app.models.lint import Grade
from exceptions_app.policies.gate import blocking, findings_of

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Tell what to think of before the draft of a policy is published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--json", action="store_true", help="one JSON object for machines")
        grades = [grade.name.lower() for grade in Grade]
        parser.add_argument("--fail-on", choices=grades, help="exit 1 from this grade on")

    def handle(self, *args: Any, name: str, json: bool, fail_on: str | None, **_: Any) -> None:
        try:
            policy = find_policy(name)
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        found = findings_of(policy, timezone.now())
        held = {one.key for one in blocking(policy, found)}
        told = [
            {**asdict(one), "grade": one.grade.name.lower(), "blocks": one.key in held}
            for one in found
        ]
        self.stdout.write(_json(policy.name, told) if json else _text(told))
        if fail_on and any(one.grade >= Grade[fail_on.upper()] for one in found):
            raise CommandError(f"{policy} has findings of grade {fail_on} or above.")


def _json(name: str, told: list[dict[str, Any]]) -> str:
    return json.dumps({"policy": name, "findings": told})


def _text(told: list[dict[str, Any]]) -> str:
    lines = [
        f"{one['grade']:8} {one['subject']}: {one['reason']} {one['way_out']}"
        + (" [second person]" if one["blocks"] else "")
        for one in told
    ]
    return "\n".join(lines) or "Nothing found."
