"""The tick's part of presence: who showed a process in a group, as bits of the group's members.

Who saw any of hundreds of processes is a union over millions of presences; as bits it is one over
some ten thousand rows. It is as old as the roll-up, so whoever shows it says of when it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from truscan.models.presence import Presence
from truscan.models.rolled import PresenceRoll

if TYPE_CHECKING:
    from datetime import date

# A minute or two of a worker for an estate of 50,000 clients.
PAUSE = timedelta(hours=12)
LOCK = 0x7072_6573  # one number for one purpose: presence is rolled up once at a time
AGE_BITS = 9
OLDEST = 2**AGE_BITS - 1  # days; whatever is older counts as this old


@dataclass(frozen=True, slots=True)
class Kind:
    """What is present: its presences, and whose column in them."""

    presence: str
    column: str


KINDS = {
    "computer": Kind("truscan_presence", "computer_id"),
    "account": Kind("truscan_userpresence", "account_id"),
}

_COUNTED = "SELECT coalesce(sum(version), 0)::bigint FROM truscan_countedday"
# So many members are a block, and mostly a whole group; a group's last block is as long as it
# has members.
BLOCK = 1024
_AGES = ", ".join(
    f"coalesce(bit_or(m.mask) FILTER (WHERE a.age & {2**n} = 0),"
    " repeat('0', length(bit_or(m.mask)))::varbit)"
    for n in range(AGE_BITS)
)
_NAMES = ", ".join(f"age_{n}" for n in range(AGE_BITS))
# Every group numbers its own, so that one row tells of a process in it.
_MEMBERS = """
CREATE TEMPORARY TABLE member ON COMMIT DROP AS
SELECT group_id, id, block, place,
    (repeat('0', place) || '1' || repeat('0', size - place - 1))::varbit AS mask
FROM (SELECT group_id, id, n / %(block)s AS block, n %% %(block)s AS place,
        least(size - n / %(block)s * %(block)s, %(block)s) AS size
    FROM (SELECT group_id, {column} AS id,
            (row_number() OVER (PARTITION BY group_id ORDER BY {column}) - 1)::integer AS n,
            (count(*) OVER (PARTITION BY group_id))::integer AS size
        FROM {presence} GROUP BY 1, 2) numbered) placed
"""
_ROLL = f"""
INSERT INTO truscan_presencebits (kind, process_id, group_id, block, seen, {_NAMES})
SELECT %(kind)s, p.process_id, p.group_id, m.block, bit_or(m.mask), {_AGES}
FROM {{presence}} p JOIN member m ON m.id = p.{{column}} AND m.group_id = p.group_id
CROSS JOIN LATERAL (SELECT least(greatest(
    %(today)s::date - (p.last_at AT TIME ZONE 'UTC')::date, 0), {OLDEST}) AS age) a
WHERE p.first_at < %(until)s GROUP BY 2, 3, 4 ORDER BY 2, 3, 4
"""  # noqa: S608
_SHARED = """
INSERT INTO truscan_sharedbit (kind, member_id, group_id, block, place)
SELECT %(kind)s, id, group_id, block, place FROM member
WHERE id IN (SELECT id FROM member GROUP BY 1 HAVING count(*) > 1)
"""


def since(age: int) -> str:
    """SQL for the bits, in a row `b`, of whose last time was at most so many days before the roll.

    From the lowest bit up, a number is at most `age` if its bit is 0 where that of `age` is 1, or
    if it is the same and the rest is at most the rest.
    """
    found = "b.seen"
    for n in range(AGE_BITS):
        found = f"(b.age_{n} | {found})" if age & 2**n else f"(b.age_{n} & {found})"
    return found


def roll_of(kind: str, start: date, end: date) -> tuple[datetime, int] | None:
    """When presence was rolled up, and how many days before that `start` is; None if it cannot
    answer for a window of these days."""
    row = PresenceRoll.objects.filter(kind=kind).first()
    if row is None:
        return None
    rolled_on = row.rolled_at.astimezone(UTC).date()
    age = (rolled_on - start).days
    return (row.rolled_at, age) if 0 <= age < OLDEST and rolled_on <= end else None


def due_kind(now: datetime) -> str | None:
    """Presence that was never rolled up, or counted on since, and not within the pause."""
    rows = PresenceRoll.objects.in_bulk()
    counted = _counted()
    for kind in KINDS:
        row = rows.get(kind)
        if row is None:
            if Presence.objects.exists():
                return kind
        elif row.counted != counted and row.rolled_at <= now - PAUSE:
            return kind
    return None


def tick(now: datetime) -> None:
    """Hand presence that is due to the workers; without a broker, roll it."""
    # Here, since the task imports this module.
    from truscan.tasks import roll_presence

    if due_kind(now) is None:
        return
    if settings.HAS_BROKER:
        roll_presence.delay()
    else:
        roll_next(now)


@transaction.atomic
def roll_next(now: datetime) -> str | None:
    """Roll up the presence that is due; None if none is, or another worker does just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        kind = due_kind(now) if cursor.fetchone()[0] else None
        if kind is None:
            return None
        counted = _counted()
        what = KINDS[kind]
        today = now.astimezone(UTC).date()
        until = datetime.combine(today + timedelta(days=1), time(), UTC)
        given: dict[str, Any] = {"kind": kind, "today": today, "until": until, "block": BLOCK}
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        cursor.execute("DELETE FROM truscan_presencebits WHERE kind = %(kind)s", given)
        cursor.execute("DELETE FROM truscan_sharedbit WHERE kind = %(kind)s", given)
        cursor.execute(_MEMBERS.format(presence=what.presence, column=what.column), given)
        cursor.execute(_ROLL.format(presence=what.presence, column=what.column), given)
        cursor.execute(_SHARED, given)
        cursor.execute("DROP TABLE member")
        PresenceRoll.objects.update_or_create(
            kind=kind, defaults={"rolled_at": now, "counted": counted}
        )
    return kind


def _counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED)
        return int(cursor.fetchone()[0])
