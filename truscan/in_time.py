"""Questions of a page that are told to have taken too long, rather than left hanging."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# A list that is not there by then is told so; a count beside a list is left out.
ANSWER_MS = 5_000
COUNT_MS = 1_000
_TIME, _WORKERS = "statement_timeout", "max_parallel_workers_per_gather"
_SET = f"SELECT set_config('{_TIME}', %s, true), set_config('{_WORKERS}', %s, true)"
_ARE = f"SELECT current_setting('{_TIME}'), current_setting('{_WORKERS}')"


class TooSlow(Exception):
    """No statement of the question may take longer than it was given, and one did."""


def in_time(ask: Callable[[], T], limit_ms: int, *, alone: bool = False) -> T:
    """The answer of `ask`, none of whose statements may take longer; raises TooSlow.

    `alone`: by one process of the database, for lists that take less than a worker takes to start.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ARE)
            before = cursor.fetchone()
            cursor.execute(_SET, [str(limit_ms), "0" if alone else before[1]])
            told = ask()
            # The transaction may be that of more than this question.
            cursor.execute(_SET, before)
            return told
    except OperationalError as e:
        if isinstance(e.__cause__, QueryCanceled):
            raise TooSlow(f"Not answered within {limit_ms:,} ms.") from e
        raise
