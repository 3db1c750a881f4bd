"""A database of the benchmark's own beside the configured one, made anew and dropped after."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "truscan_benchmark"


@contextmanager
def scratch_database() -> Iterator[tuple[str, dict[str, str]]]:
    """(its URL, the environment for commands that shall use it)."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        raise SystemExit("Set DATABASE_URL to a server where databases may be made.")
    mine = urlunsplit(urlsplit(url)._replace(path=f"/{NAME}"))
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
        env = {**os.environ, "DATABASE_URL": mine, "REDIS_URL": "none", "LOG_LEVEL": "WARNING"}
        try:
            manage(env, "migrate", "--verbosity", "0", "--skip-checks")
            yield mine, env
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def manage(env: dict[str, str], *words: str) -> str:
    """Run a management command and return what it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words], env=env, check=True, capture_output=True, text=True
    )
    return done.stdout
