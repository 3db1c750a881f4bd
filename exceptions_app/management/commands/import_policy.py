from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.importing.read import read_rules
from exceptions_app.management.lookups import add_common, find_actor, find_policy
from exceptions_app.models.policy import Response
from exceptions_app.triage.take_in import COUNTS, count_file, take_in

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Take rules into a policy's draft from a SEPM 14 REST body (v1 or v2), a policy file of"
        " ours or a CSV of hashes; repeating does nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--policy", required=True, metavar="NAME")
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")
        parser.add_argument(
            "--replace", action="store_true", help="the file wins over another response"
        )
        parser.add_argument(
            "--response", choices=Response.values, help="for a CSV without such a column"
        )
        parser.add_argument("--reason", default="", help="else the name of the file")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        now = timezone.now()
        try:
            with path.open("rb") as stream:
                file, body = read_rules(stream, options["response"])
            given: dict[str, Any] = {
                "file": file,
                "policy": find_policy(options["policy"]),
                "now": now,
                "replace": options["replace"],
            }
            if options["dry_run"]:
                counted = count_file(**given)
            else:
                counted = take_in(
                    actor=find_actor(options["user"]),
                    source=path.name,
                    sha256=hashlib.sha256(body).hexdigest(),
                    reason=options["reason"] or f"Imported from {path.name}",
                    **given,
                )
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        head = {"file": path.name, "form": file.form, "signed_by": file.signed_by}
        told = {**head, "dry_run": options["dry_run"], **counted.as_json()}
        self.stdout.write(json.dumps(told) if options["json"] else _line(told))


def _line(told: dict[str, Any]) -> str:
    lines = [", ".join(f"{told[name]} {name}" for name in COUNTS)]
    lines += [
        f"{one['hash']}: {one['response']} left out, {one['why']}" for one in told["conflicts"]
    ]
    lines += [f"kept as they are: {count} {kind}" for kind, count in told["not_ours"].items()]
    return "\n".join(lines)
