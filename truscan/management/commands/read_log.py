from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from truscan.logs.errors import LogError, NeedsAnswer
from truscan.logs.read import ReadState, read
from truscan.logs.reader import open_sources
from truscan.logs.record import LogRecord, RejectedLine
from truscan.logs.source import Source

_SHOWN_REJECTS = 5


class Command(BaseCommand):
    help = "Show what would be read from log files. Nothing is stored."
    # It needs neither pages nor database: it shall work where they do not.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--timezone", default="UTC", metavar="ZONE")
        parser.add_argument("--encoding", metavar="NAME")
        parser.add_argument("--mapping", metavar="FILE", help="JSON: column -> field")

    def handle(self, *args: Any, **options: Any) -> None:
        mapping = _mapping(options["mapping"])
        errors = []
        for path in options["paths"]:
            try:
                for source in open_sources(path, str(path)):
                    self._show(source, mapping, options)
            except LogError as error:
                errors.append(_explained(error, path))
        if errors:
            raise CommandError("\n".join(errors))

    def _show(self, source: Source, mapping: dict[str, str], options: dict[str, Any]) -> None:
        state = ReadState()
        outcomes = read(
            source,
            zone=options["timezone"],
            encoding=options["encoding"],
            mapping=mapping,
            now=timezone.now(),
            state=state,
        )
        if options["json"]:
            for outcome in outcomes:
                self.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False))
            return
        counts: Counter[str] = Counter()
        rejects: list[RejectedLine] = []
        for outcome in outcomes:
            counts[_counted_as(outcome)] += 1
            if isinstance(outcome, RejectedLine) and len(rejects) < _SHOWN_REJECTS:
                rejects.append(outcome)
        self.stdout.write(f"{source.name}: {state.format}, {state.encoding}")
        for name, number in sorted(counts.items()):
            self.stdout.write(f"  {number:>9,}  {name}")
        for reject in rejects:
            self.stdout.write(f"  line {reject.line_no}: {reject.reason}")


def _counted_as(outcome: Any) -> str:
    if isinstance(outcome, LogRecord):
        return f"detection, {outcome.layout}, {outcome.event_type}"
    return "rejected" if isinstance(outcome, RejectedLine) else f"ignored, {outcome.reason}"


def _mapping(path: str | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        mapping = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: cannot read the mapping ({error}).") from error
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise CommandError(f"{path}: a mapping is a JSON object of column names and fields.")
    return mapping


def _explained(error: LogError, path: str) -> str:
    text = str(error) if error.file else f"{path}: {error}"
    if isinstance(error, NeedsAnswer):
        text += f" Put {error.key!r} with one of {', '.join(error.choices)} into the mapping."
    return text
