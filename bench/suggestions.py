"""How right suggestions are on synthetic fleets, whose truth is known, and how often they speak.

Two fleets by the log generator, one of clients that tell reputation (SEP 14) and one of those that
do not (SEP 11), are read in as logs; a person decides a share of the processes by the truth, wrong
in one of fifty; the product's own refresh judges the rest. The third is the big fleet, where nobody
decides what its people have not: there reputation is left out, since one of its columns tells the
truth. Facts are only what a log tells. "Ignore" for something malicious is counted by itself.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench.big_fleet import NOW, big_fleet_database
from bench.scratch import scratch_database

if TYPE_CHECKING:
    from collections.abc import Iterable

BOUNDS = {"sep14_precision": 0.95, "sep14_coverage": 0.60, "sep11_precision": 0.95,
          "sep11_coverage": 0.60, "big_precision": 0.95, "big_coverage": 0.60}  # fmt: skip
FORMS = (("sep14", "labelled-g5"), ("sep11", "labelled-g1"))
ROWS = 60_000
PROCESSES, COMPUTERS, GROUPS = 4_000, 3_000, 40
DECIDED_SHARE, MISTAKES = 0.30, 0.02
START = datetime(2026, 8, 1, tzinfo=UTC)
Answers = list[tuple[str, bool]]


def run(rows: int | None = None) -> dict[str, Any]:
    figures: dict[str, float] = {"rows": float(rows or ROWS), "decided_share": DECIDED_SHARE}
    os.environ["LOG_LEVEL"], server = "WARNING", os.environ.get("DATABASE_URL", "")
    for name, form in FORMS:
        with scratch_database() as (_, env):
            os.environ.update(env)
            import django  # after the database has its address

            django.setup()
            figures |= _scored(name, _read(form, rows or ROWS))
        os.environ["DATABASE_URL"] = server
    figures |= _scored("big", _big())
    ok = all(figures[name] >= bound for name, bound in BOUNDS.items())
    return {"name": "suggestions", "figures": figures, "bounds": BOUNDS, "ok": ok}


def _scored(name: str, told: tuple[Answers, int]) -> dict[str, float]:
    """`told`: for each undecided process the suggested response ("" for none) and whether it is
    malicious; and how many were decided."""
    answers, decided = told
    said = [(response, bad) for response, bad in answers if response]
    stops = [bad for response, bad in said if response != "ignore"]
    ignores = [bad for response, bad in said if response == "ignore"]
    right = sum(stops) + ignores.count(False)
    return {
        f"{name}_decided": decided,
        f"{name}_left": len(answers),
        f"{name}_precision": round(right / max(len(said), 1), 4),
        f"{name}_coverage": round(len(said) / max(len(answers), 1), 4),
        f"{name}_stops": len(stops),
        f"{name}_stops_right": sum(stops),
        f"{name}_malicious": sum(bad for _, bad in answers),
        f"{name}_malicious_called_ignore": sum(ignores),
    }


def _read(form: str, rows: int) -> tuple[Answers, int]:
    """Import the log, decide by the truth, refresh; what is suggested for what is left."""
    from django.db import connection

    from exceptions_app.models.suggestion import Suggestion
    from exceptions_app.policies.assign import create_policy
    from exceptions_app.suggest.read import open_processes
    from exceptions_app.suggest.refresh import refresh
    from exceptions_app.triage.decide import respond
    from truscan.access.actor import Actor
    from truscan.fleet.fleet import Fleet
    from truscan.fleet.program import Truth
    from truscan.ingest.job import accept_file, run_import
    from truscan.models.estate import Group, Site
    from truscan.models.process import Process

    fleet = Fleet(11, groups=GROUPS, computers=COMPUTERS, processes=PROCESSES)
    actor, site = Actor.on_command_line(), Site.objects.create(name="Synthetic")
    with TemporaryDirectory(prefix="truscan-suggestions-") as folder:
        path = Path(folder) / f"{form}.log"
        with path.open("w", encoding="utf-8") as out:
            fleet.write(out, rows, START, 60, form=form)
        with path.open("rb") as stream:
            receipts = accept_file(
                actor=actor, name=path.name, stream=stream, site=site, queue=False
            )
    for receipt in receipts:
        run_import(receipt.pk, now=NOW)
    top = Group.objects.exclude(path="").filter(parent=None).first()
    policy = create_policy(actor=actor, name="Synthetic", groups=[top] if top else [], now=NOW)
    hashes = dict(Process.objects.filter(pk__in=open_processes(NOW)).values_list("pk", "hash"))
    bad = {pk: fleet.truth(hash_) is Truth.MALICIOUS for pk, hash_ in hashes.items() if hash_}
    chance = random.Random(11)  # noqa: S311 - equal on every run
    chosen = [pk for pk in sorted(bad) if chance.random() < DECIDED_SHARE]
    stop = {pk for pk in chosen if bad[pk] is (chance.random() >= MISTAKES)}
    for response, ids in (("quarantine", stop), ("ignore", set(chosen) - stop)):
        respond(actor=actor, processes=sorted(ids), policies=[policy], response=response,
                reason="by the fleet's truth (synthetic)", now=NOW)  # fmt: skip
    refresh(NOW)
    told = dict(Suggestion.objects.values_list("process_id", "response"))
    left = [pk for pk in open_processes(NOW) if pk in bad]
    connection.close()
    return [(told.get(pk, ""), bad[pk]) for pk in left], len(chosen)


def _big() -> tuple[Answers, int]:
    """The big fleet with the decisions that it has; nothing is written."""
    with big_fleet_database() as fleet:
        import psycopg
        from django.db import connection

        connection.close()
        connection.settings_dict["NAME"] = urlsplit(fleet.url).path.lstrip("/")
        from exceptions_app.suggest.judge import Judge
        from exceptions_app.suggest.read import decided, open_processes, seen_of

        history = [(_blind(seen), response) for seen, response in decided()]
        judge, known = Judge(history), {seen.process_id for seen, _ in history}
        left = [pk for pk in open_processes(fleet.now) if pk not in known]
        with psycopg.connect(fleet.url) as db:
            bad = dict(_pairs(db.execute("SELECT process_id, risky FROM bench.program")))
        answers = [
            (found.response if (found := judge.of(_blind(seen))) else "", bad[seen.process_id])
            for seen in seen_of(left)
        ]
        connection.close()
    return answers, len(history)


def _blind(seen: Any) -> Any:
    return replace(seen, disposition="", prevalence="", confidence="")


def _pairs(rows: Iterable[Any]) -> Iterable[tuple[int, bool]]:
    return ((row[0], row[1]) for row in rows)
