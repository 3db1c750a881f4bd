from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.dossier.document import canonical
from exceptions_app.dossier.seal import is_proven, is_same_today, seal, signature_fits
from exceptions_app.errors import ExceptionsError
from exceptions_app.management.lookups import add_common, find_actor
from exceptions_app.models.dossier import Dossier
from truscan.models.ramp import RampPlan
from truscan.ramp.errors import RampError
from truscan.ramp.find import find_plan
from truscan.ramp.plan import Track
from truscan.ramp.rows import with_rows

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Write the completion dossier of a ramp plan: the draft, a sealed one, or seal it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", help="number of the plan, or name of its scan policy")
        parser.add_argument("--track", default="", choices=list(Track))
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--seal", action="store_true", help="seal it, from the last level on")
        what.add_argument("--number", type=int, help="a sealed one instead of the draft")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write the files there")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        plan, now = _found(options["plan"], options["track"]), timezone.now()
        if not options["seal"] and options["number"] is None:
            self._write(options, f"ramp-{plan.pk}-dossier-draft", canonical(plan, now), "")
            return
        try:
            if options["seal"]:
                dossier = seal(actor=find_actor(options["user"]), plan=plan, now=now)
            else:
                dossier = Dossier.objects.get(plan=plan, number=options["number"])
        except Dossier.DoesNotExist:
            raise CommandError(f"{plan} has no dossier {options['number']}.") from None
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        name = f"ramp-{plan.pk}-dossier-{dossier.number}"
        self._write(options, name, dossier.canonical, dossier.signature)
        if not options["json"]:
            self.stderr.write(_told(dossier, is_same=is_same_today(dossier, plan, now)))

    def _write(self, options: dict[str, Any], name: str, text: str, signature: str) -> None:
        """Into the folder, byte for byte; else the text alone."""
        folder: Path | None = options["out"]
        if folder is None:
            self.stdout.write(text, ending="")
            return
        folder.mkdir(parents=True, exist_ok=True)
        files = {f"{name}.json": text.encode()}
        if signature:
            files[f"{name}.sig"] = base64.b64decode(signature)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        told = {"files": sorted(files)} if options["json"] else ", ".join(sorted(files))
        self.stdout.write(json.dumps(told) if options["json"] else str(told))


def _found(asked: str, track: str) -> RampPlan:
    plans = RampPlan.objects.all()
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        row = with_rows(plans.filter(pk=int(asked))).first()
        if row is None:
            raise CommandError(f"There is no ramp plan {asked}.")
        return row
    try:
        return find_plan(plans=plans, scan_policy=asked, track=track)
    except RampError as error:
        raise CommandError(str(error)) from error


def _told(dossier: Dossier, *, is_same: bool) -> str:
    """What was proven just now, in one line."""
    parts = [
        f"sealed by {dossier.actor_name}",
        "SHA-256 fits" if is_proven(dossier) else "SHA-256 does NOT fit",
        "not signed" if not dossier.signature
        else "signature fits" if signature_fits(dossier) else "signature does NOT fit",
        "today's rows give the same text" if is_same else "today's rows give another text",
    ]  # fmt: skip
    return f"Dossier {dossier.number}: {', '.join(parts)}."
