from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.arrival.fetched import note_fetch
from exceptions_app.errors import ExceptionsError
from exceptions_app.export import targets
from exceptions_app.export.everything import NAME, write_everything
from exceptions_app.export.findings import ExportRefused
from exceptions_app.export.package import (
    location_called,
    package_for_group,
    package_for_policy,
    package_per_policy,
)
from exceptions_app.management.lookups import find_group, find_policy
from exceptions_app.models.policy import Policy
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable
    from datetime import datetime

    from exceptions_app.export.content import Package


class Command(BaseCommand):
    help = "Write the published policy of a client group, or one policy, as files of a target."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subject = parser.add_mutually_exclusive_group(required=True)
        subject.add_argument("--group", metavar="PATH")
        subject.add_argument("--policy", metavar="NAME")
        subject.add_argument(
            "--all", action="store_true", help="every policy in every target, as one zip"
        )
        parser.add_argument("--location", metavar="NAME", help="one location of the group")
        parser.add_argument("--domain", metavar="NAME", help="where two have a group of that path")
        parser.add_argument("--target", choices=sorted(targets.TARGETS), help="not with --all")
        parser.add_argument(
            "--since",
            type=int,
            metavar="REVISION",
            help="the revision that the server has: the change of a REST target begins there",
        )
        parser.add_argument("--out", required=True, type=Path, metavar="DIR")
        parser.add_argument("--json", action="store_true", help="the output is JSON in any case")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            self.stdout.write(json.dumps(_write_all(options)))
            return
        if options["target"] is None:
            raise CommandError("Add --target: one of " + ", ".join(sorted(targets.TARGETS)) + ".")
        try:
            package = _package(options, timezone.now())
            files = targets.export(package, options["target"])
        except ExportRefused as refused:
            raise CommandError("\n".join(str(one) for one in refused.findings)) from refused
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        try:
            _write(files, options["out"])
            _note([package], options["target"])
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error}") from error
        found = targets.warnings(package, options["target"])
        told = {
            "target": options["target"],
            "out": str(options["out"]),
            "files": list(files),
            "warnings": [one.as_json() for one in found],
        }
        self.stdout.write(json.dumps(told))


def _note(packages: Iterable[Package], target: str) -> None:
    note_fetch(
        actor=Actor.on_command_line(),
        revisions=[one.row_id for package in packages for one in package.sets],
        target=target,
        now=timezone.now(),
    )


def _package(options: dict[str, Any], now: datetime) -> Package:
    if options["policy"] is not None:
        if options["location"] is not None:
            raise CommandError("--location belongs to --group: a policy is exported whole.")
        policy = find_policy(options["policy"])
        return package_for_policy(policy, now=now, since=options["since"])
    if options["since"] is not None:
        raise CommandError("--since belongs to --policy: revisions are numbered by policy.")
    group = find_group(options["group"], options["domain"])
    name = options["location"]
    return package_for_group(group, location_called(group, name) if name else None, now=now)


def _write_all(options: dict[str, Any]) -> dict[str, Any]:
    """The zip, under its name only when it is whole."""
    if any(options[name] is not None for name in ("target", "location", "domain", "since")):
        raise CommandError("--all takes only --out: it has every policy in every target.")
    packages = package_per_policy(Policy.objects.values_list("pk", flat=True), now=timezone.now())
    path = options["out"] / NAME
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            manifest = write_everything(packages, out)
        part.replace(path)
        _note(packages, "everything")
    except ExceptionsError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return {
        "target": None,
        "out": str(options["out"]),
        "files": [NAME],
        "members": len(manifest["files"]),
        "left_out": manifest["left_out"],
        "warnings": [],
    }


def _write(files: dict[str, bytes], out: Path) -> None:
    for name, body in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
