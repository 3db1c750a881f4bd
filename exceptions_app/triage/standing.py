"""What the decisions that stand leave, told in order of their ids: the rule that undo keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The newest standing decision that says something of (process, policy). An item of a response that
# was refused says nothing; one that found its response there already does.
LAST_OF_POLICY = """
SELECT DISTINCT ON (i.process_id, i.policy_id)
    i.process_id, i.policy_id, d.id, d.kind, d.response, d.actor_name, i.after_id
FROM exceptions_app_decisionitem i JOIN exceptions_app_decision d ON d.id = i.decision_id
WHERE i.process_id = ANY(%s) AND i.policy_id = ANY(%s)
    AND d.kind <> 'undo' AND d.undone_at IS NULL
    AND (d.kind <> 'respond' OR i.after_id IS NOT NULL)
ORDER BY i.process_id, i.policy_id, d.id DESC
"""

LAST_OF_GROUP = """
SELECT DISTINCT ON (i.process_id, i.group_id)
    i.process_id, i.group_id, d.id, d.kind, d.response, d.actor_name,
    CASE WHEN d.kind = 'observe' THEN (SELECT w.id FROM exceptions_app_watch w
        WHERE w.process_id = i.process_id AND w.group_id = i.group_id AND w.decision_id <= d.id
        ORDER BY w.id DESC LIMIT 1) END
FROM exceptions_app_decisionitem i JOIN exceptions_app_decision d ON d.id = i.decision_id
WHERE i.process_id = ANY(%s) AND i.group_id = ANY(%s)
    AND d.kind IN ('observe', 'end_watch') AND d.undone_at IS NULL
ORDER BY i.process_id, i.group_id, d.id DESC
"""

ACTIVE = """
SELECT process_id, policy_id, id FROM exceptions_app_processexception
WHERE process_id = ANY(%s) AND policy_id = ANY(%s) AND retired_at IS NULL
"""
OPEN = """
SELECT process_id, group_id, id FROM exceptions_app_watch
WHERE process_id = ANY(%s) AND group_id = ANY(%s) AND ended_at IS NULL
"""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """The last word on a pair: the decision, and the exception or watch that it left (or None)."""

    decision_id: int
    kind: str
    response: str
    actor_name: str
    row_id: int | None

    def __str__(self) -> str:
        what = Response(self.response).label if self.response else Decision.Kind(self.kind).label
        return f"{what} by {self.actor_name}, decision {self.decision_id}"


def last_words(pairs: Sequence[Pair], *, of_groups: bool) -> dict[Pair, Standing]:
    """By (process, policy) or (process, group), the last standing word; a pair may have none."""
    sql = LAST_OF_GROUP if of_groups else LAST_OF_POLICY
    wanted = set(pairs)
    with connection.cursor() as cursor:
        cursor.execute(sql, [sorted({p for p, _ in wanted}), sorted({q for _, q in wanted})])
        rows = cursor.fetchall()
    return {(row[0], row[1]): Standing(*row[2:]) for row in rows if (row[0], row[1]) in wanted}


def active_exceptions(pairs: Sequence[Pair]) -> dict[Pair, int]:
    return exceptions_between({p for p, _ in pairs}, {q for _, q in pairs})


def exceptions_between(processes: Iterable[int], policies: Iterable[int]) -> dict[Pair, int]:
    """By (process, policy) of these that has one, the exception that stands."""
    return _by_pair(ACTIVE, processes, policies)


def open_watches(pairs: Sequence[Pair]) -> dict[Pair, int]:
    return _by_pair(OPEN, {p for p, _ in pairs}, {q for _, q in pairs})


def _by_pair(sql: str, first: Iterable[int], second: Iterable[int]) -> dict[Pair, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [sorted(first), sorted(second)])
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}
