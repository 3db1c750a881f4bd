from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from truscan.access.actor import Actor
from truscan.access.sites import SiteError, site_named
from truscan.ingest.errors import IngestError
from truscan.ingest.job import accept_file, run_import
from truscan.models.log_import import LogImport

_COUNTERS = ("read", "inserted", "updated", "duplicate", "ignored", "rejected")


class Command(BaseCommand):
    # A page that is broken must not keep logs out.
    requires_system_checks = []
    help = "Read log files into the database and print their receipts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--site", default="", metavar="NAME", help="made if it is new")
        parser.add_argument("--timezone", metavar="ZONE", help="else the site's")
        parser.add_argument("--encoding", metavar="NAME", help="else found out")
        parser.add_argument("--mapping", metavar="FILE", help="JSON: column -> field")
        parser.add_argument("--user", metavar="NAME", help="whose act it is")
        parser.add_argument("--json", action="store_true", help="the output is JSON in any case")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, mapping = _actor(options["user"]), _mapping(options["mapping"])
        receipts, errors = [], []
        for path in options["paths"]:
            try:
                rows = self._import(actor, path, mapping, options)
            except (IngestError, SiteError, OSError) as error:
                errors.append(f"{path}: {error}")
                continue
            receipts += rows
            errors += [row.error or row.name for row in rows if row.state != LogImport.State.DONE]
        told = {"imports": [_told(row) for row in receipts]}
        self.stdout.write(json.dumps(told, ensure_ascii=False))
        if errors:
            raise CommandError("\n".join(errors))

    def _import(
        self, actor: Actor, path: str, mapping: dict[str, str] | None, options: dict[str, Any]
    ) -> list[LogImport]:
        with Path(path).open("rb") as stream:
            rows = accept_file(
                actor=actor,
                name=Path(path).name,
                stream=stream,
                site=site_named(
                    actor=actor,
                    name=options["site"],
                    timezone=options["timezone"] or "UTC",
                ),
                timezone=options["timezone"],
                encoding=options["encoding"],
                mapping=mapping,
                queue=False,
            )
        return [self._run(row) for row in rows]

    def _run(self, row: LogImport) -> LogImport:
        run_import(row.pk, now=timezone.now(), progress=self._progress)
        row.refresh_from_db()
        return row

    def _progress(self, row: LogImport) -> None:
        share = f" {row.bytes_done / row.bytes_total:.0%}" if row.bytes_total else ""
        self.stderr.write(f"{row.name}: {row.read:,} lines{share}")


def _actor(name: str | None) -> Actor:
    if not name:
        return Actor.on_command_line()
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name}.")
    return Actor.on_command_line(user)


def _mapping(path: str | None) -> dict[str, str] | None:
    if not path:
        return None
    try:
        mapping = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: cannot read the mapping ({error}).") from error
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise CommandError(f"{path}: a mapping is a JSON object of column -> field.")
    return mapping


def _told(row: LogImport) -> dict[str, Any]:
    told = {"file": row.name, "format": row.format, **{n: getattr(row, n) for n in _COUNTERS}}
    more: dict[str, Any] = {
        "seconds": round(row.seconds, 3),
        "id": row.pk,
        "state": row.state,
        "site": row.site.name,
        "timezone": row.timezone,
        "encoding": row.encoding_found,
        "ignored_by_kind": row.ignored_by_kind,
        "error": row.error,
        "question": row.question,
    }
    return told | more
