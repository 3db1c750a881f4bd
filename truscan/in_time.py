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
_LIMIT = "SELECT set_config('statement_timeout', %s, true)"


class TooSlow(Exception):
    """No statement of the question may take longer than it was given, and one did."""


def in_time(ask: Callable[[], T], limit_ms: int) -> T:
    """The answer of `ask`, none of whose statements may take longer; raises TooSlow."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute(_LIMIT, [str(limit_ms)])
            told = ask()
            # The transaction may be that of more than this question.
            cursor.execute(_LIMIT, [before])
            return told
    except OperationalError as e:
        if isinstance(e.__cause__, QueryCanceled):
            raise TooSlow(f"Not answered within {limit_ms:,} ms.") from e
        raise
