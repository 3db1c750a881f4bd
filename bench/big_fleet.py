"""The big synthetic fleet: one database, built once and opened by every benchmark that wants size.

    with big_fleet_database() as fleet:
        ...                             # fleet.url, fleet.env, fleet.now, fleet.rows

10,000,000 detections of 120 days, 50,000 processes (Zipf 1.05, 5 % risky by a known truth), 200
groups, 50,000 computers, 300 policies, 200 ramp plans; all of it synthetic and deterministic. Rows
are made by SQL from their number (`bench.fleet_rows`), counted by the import's own statements,
and decided on through the product's write paths (`bench.fleet_acts`). Readers share it: roll
back what you write. `python -m bench.big_fleet [--rows N]` builds it on the server of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.scratch import manage

if TYPE_CHECKING:
    from collections.abc import Iterator

# Another number builds the fleet anew: raise it when the rows shall differ.
VERSION = 1
ROWS = 10_000_000
# BIG_FLEET names another one, say to try an index on a copy (CREATE DATABASE ... TEMPLATE ...).
NAME = os.environ.get("BIG_FLEET", "truscan_bigfleet")
# The last moment of the fleet's log. Benchmarks set the clock to it, so that "last 7 days" means
# the same on every day they run.
NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAYS = 120


@dataclass(frozen=True, slots=True)
class BigFleet:
    """Where it is, the environment for commands that shall use it, and the moment it ends at."""

    url: str
    env: dict[str, str]
    now: datetime
    rows: int


@contextmanager
def big_fleet_database(rows: int = ROWS) -> Iterator[BigFleet]:
    """The fleet of so many detections, built if it is not there; migrations are brought up.

    Fewer rows than the full number live in a database of their own beside it. Both are kept.
    """
    server = os.environ.get("DATABASE_URL", "")
    if not server:
        raise SystemExit("Set DATABASE_URL to a server where databases may be made.")
    name = NAME if rows == ROWS else f"{NAME}_{rows}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    env = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "none", "LOG_LEVEL": "WARNING"}
    if _built(server, name, url) != (VERSION, rows):
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            db.execute(f"CREATE DATABASE {name}")
        manage(env, "migrate", "--verbosity", "0", "--skip-checks")
        command = [sys.executable, "-m", "bench.fleet_build", str(rows)]
        subprocess.run(command, env=env, check=True)
    else:
        manage(env, "migrate", "--verbosity", "0", "--skip-checks")
        # A migration that rewrote it left no page marked as visible to all, and as no row changed
        # since, autovacuum does not come: what is read from an index alone would read rows too.
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("VACUUM ANALYZE truscan_sighting")
    yield BigFleet(url, env, NOW, rows)


def _built(server: str, name: str, url: str) -> tuple[int, int] | None:
    """(version, rows) of what is there whole; None if nothing is, or a build that broke off."""
    with psycopg.connect(server, autocommit=True) as db:
        if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            return None
    with psycopg.connect(url) as db:
        there = db.execute("SELECT to_regclass('bench.fleet') IS NOT NULL").fetchone()
        if there is None or not there[0]:
            return None
        row = db.execute("SELECT version, rows FROM bench.fleet").fetchone()
    return (row[0], row[1]) if row else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.big_fleet", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    with big_fleet_database(given.rows) as fleet:
        print(f"{fleet.rows:,} detections, up to {fleet.now:%Y-%m-%d %H:%M} UTC, at {fleet.url}")


if __name__ == "__main__":
    main()
