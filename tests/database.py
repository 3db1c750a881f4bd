"""The address of the test database, for processes that tests start."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import connection


def database_url() -> str:
    facts = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    query = urlencode({libpq: facts[name] for libpq, name in names.items() if facts[name]})
    return f"postgres:///{facts['NAME']}?{query}"
