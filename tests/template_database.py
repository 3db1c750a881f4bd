"""A migrated database that each worker's test database is copied from.

Running all migrations takes seconds of both processors for every worker and every run; a copy takes
a fraction of one. The template's name holds a digest of what the migrations are made of, so that a
changed one makes a new template by running them all, as before. Only on the embedded server, which
belongs to this checkout alone.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import django
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.embedded import BASE_DIR, var_dir
from config.processes import exclusive

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

PREFIX = "template_of_tests_"


def migrated_template() -> str:
    """The name of the template of these migrations, made now if it is not there."""
    name = PREFIX + _digest()
    with exclusive(var_dir() / "template.lock"), connection._nodb_cursor() as cursor:
        there = _templates(cursor)
        if name not in there:
            for old in there:
                cursor.execute(f"DROP DATABASE {old}")
            _make(cursor, name)
    return name


def _templates(cursor: CursorWrapper) -> list[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
    return [row[0] for row in cursor.fetchall()]


def _make(cursor: CursorWrapper, name: str) -> None:
    """Under another name until it is whole: a killed run leaves nothing that looks like it."""
    half = f"{PREFIX}half"
    cursor.execute(f"CREATE DATABASE {half} TEMPLATE template0")
    facts = connection.settings_dict
    query = urlencode({"host": facts["HOST"], "user": facts["USER"]})
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": f"postgres:///{half}?{query}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        check=True,
    )
    cursor.execute(f"ALTER DATABASE {half} RENAME TO {name}")


def _digest() -> str:
    """Of the text of every migration of every app, in order, and of Django itself."""
    told = hashlib.sha256(django.__version__.encode())
    loader = MigrationLoader(None)
    for key, migration in sorted(loader.disk_migrations.items()):
        source = sys.modules[type(migration).__module__].__file__
        told.update(f"{key}\n".encode())
        told.update(Path(source).read_bytes() if source else b"")
    return told.hexdigest()[:16]
