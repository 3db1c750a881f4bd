"""How long one policy takes to each target: the bound is 1 s for 10,000 entries."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from typing import Any

ENTRIES = 10_000
TRIES = 3
BOUND_SECONDS = 1.0
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds per target, the best of three tries, from the revision's text to the files' bytes.

    `rows` are entries, with two hashes each.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # after the settings have a name

    django.setup()
    from exceptions_app.export.targets import TARGETS, export

    count = rows or ENTRIES
    text, before = _canonical(2, count, 0), _canonical(1, count, 7)
    figures: dict[str, Any] = {"entries": count}
    for target in TARGETS:
        seconds = []
        for _ in range(TRIES):
            started = time.perf_counter()
            files = export(_package(text, before), target)
            seconds.append(time.perf_counter() - started)
        figures[f"{target}_seconds"] = round(min(seconds), 3)
        figures[f"{target}_bytes"] = sum(map(len, files.values()))
    slowest = max(figures[f"{target}_seconds"] for target in TARGETS)
    figures["slowest_seconds"] = slowest
    bounds = {"slowest_seconds": BOUND_SECONDS * max(1.0, count / ENTRIES)}
    return {
        "name": "export",
        "figures": figures,
        "bounds": bounds,
        "ok": slowest <= bounds["slowest_seconds"],
    }


def _package(text: str, before: str) -> Any:
    from exceptions_app.export.content import LocationSet, PolicyPackage
    from exceptions_app.export.entry import read_set

    one = read_set(text, hashlib.sha256(text.encode()).hexdigest(), NOW, before)
    places = tuple(
        LocationSet(
            "Default", f"My Company\\G{number:03}", None, "Big", 2, f"My Company\\G{number:03}"
        )
        for number in range(200)
    )
    return PolicyPackage(places=places, sets=(one,), policy="Big")


def _canonical(number: int, count: int, shift: int) -> str:
    """Synthetic entries, a third each of the responses; `shift` makes some differ."""
    from truscan.audit import canonical_json

    entries = [_entry(index + shift) for index in range(count)]
    policy = {"name": "Big", "description": "Benchmark", "shared": True}
    document = {"format": "truscan-revision/1", "policy": policy, "number": number}
    return canonical_json({**document, "entries": entries})


def _entry(index: int) -> dict[str, Any]:
    seed = str(index).encode()
    return {
        "process": {
            "name": f"program{index}.exe",
            "path": f"%PROGRAMFILES%\\Vendor {index % 97}\\program{index}.exe",
            "application_name": f"Program {index}",
            "company": f"Vendor {index % 97}",
            "version": "1.0",
            "size": 100_000 + index,
            "application_type": "Trojan worm",
            "signer": "",
        },
        "hashes": [
            f"sha256:{hashlib.sha256(seed).hexdigest()}",
            f"sha1:{hashlib.sha1(seed, usedforsecurity=False).hexdigest()}",
        ],
        "response": ("ignore", "quarantine", "terminate")[index % 3],
        "reason": "Checked with the owner",
        "author": "ada",
        "approver": None,
        "decided_at": "2026-02-27T10:00:00+00:00",
        "review_on": None,
        "expires_at": "2027-02-27T10:00:00+00:00",
        "evidence": {"computers": index % 50, "occurrences": index},
    }
