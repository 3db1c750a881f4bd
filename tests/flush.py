"""Emptying the tables after a test that commits.

Django empties them by TRUNCATE, which the ledger refuses, and leaves out the tables that it does
not manage. The guard is lifted for that one statement; the row triggers stay on throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.operations import DatabaseOperations

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

GUARD = "ALTER TABLE truscan_auditevent {} TRIGGER ledger_no_truncate;"
UNMANAGED = "TRUNCATE truscan_detection, truscan_detectionclaim;"


def lift_guard(patch: pytest.MonkeyPatch) -> Iterator[None]:
    before = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
        statements = before(self, *args, **kwargs)
        return [GUARD.format("DISABLE"), UNMANAGED, *statements, GUARD.format("ENABLE")]

    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
    yield
