"""Claims: who looks at what. The database says who was first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction

from exceptions_app.errors import NothingChosen
from exceptions_app.models.claim import Claim
from truscan import audit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor

# A working day: what is not decided by then is free for others.
KEPT = timedelta(hours=8)

# Free, over, or one's own: else the row stays as it is and is not returned.
TAKE = """
INSERT INTO exceptions_app_claim AS c (process_id, user_id, user_name, claimed_at, until)
SELECT id, %(user)s, %(name)s, %(now)s, %(until)s
FROM unnest(%(processes)s::bigint[]) AS p(id) ORDER BY id
ON CONFLICT (process_id) DO UPDATE SET user_id = excluded.user_id,
    user_name = excluded.user_name, claimed_at = excluded.claimed_at, until = excluded.until
WHERE c.until <= %(now)s OR c.user_id = excluded.user_id
RETURNING c.process_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """`won` are process ids; `lost` the claims of others that stand."""

    won: list[int]
    lost: list[Claim]


@transaction.atomic
def claim(*, actor: Actor, user: User, processes: Sequence[int], now: datetime) -> Claimed:
    """Claim these processes for eight hours, or renew one's claims. Of two at once one wins, and
    the other is told who. Raises NothingChosen."""
    wanted = sorted(set(processes))
    if not wanted:
        raise NothingChosen("Choose at least one process.")
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE,
            {
                "user": user.pk,
                "name": actor.name,
                "now": now,
                "until": now + KEPT,
                "processes": wanted,
            },
        )
        won = sorted(row[0] for row in cursor.fetchall())
    lost = Claim.objects.filter(process__in=set(wanted) - set(won)).select_related("process")
    if won:
        said = {"processes": won, "until": (now + KEPT).isoformat()}
        audit.record("claim.taken", actor=actor, obj=user, after=said)
    return Claimed(won, list(lost.order_by("process")))


@transaction.atomic
def release(*, actor: Actor, user: User, processes: Sequence[int], now: datetime) -> int:
    """Give one's claims back; how many stood."""
    rows = Claim.objects.select_for_update().filter(
        user=user, process__in=list(processes), until__gt=now
    )
    ids = list(rows.order_by("process").values_list("process", flat=True))
    Claim.objects.filter(process__in=ids).update(until=now)
    if ids:
        audit.record("claim.released", actor=actor, obj=user, after={"processes": ids})
    return len(ids)


def standing(processes: Sequence[int], now: datetime) -> dict[int, Claim]:
    """The claims on these processes that stand, by process id."""
    return Claim.objects.filter(until__gt=now).in_bulk(list(processes))
