"""Whom a replay touches, by bits, against the presences one by one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.policies.publish import publish
from exceptions_app.replay import touched as part
from exceptions_app.replay.run import replay_decision, replay_switch
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_computer, make_group, make_process
from truscan.ingest import presence_bits
from truscan.ingest.presence_bits import KINDS, PAUSE, due_kind, roll_next
from truscan.models.estate import Account, Computer
from truscan.models.presence import Presence, UserPresence
from truscan.models.rolled import CountedDay, PresenceBits, SharedBit

if TYPE_CHECKING:
    from exceptions_app.replay.run import Replay

pytestmark = pytest.mark.django_db

AGES = [0, 1, 6, 7, 8, 29, 30, 31, 63, 64, 127, 128, 255, 256, 399, 400, 401, 511, 512, 900]
WINDOWS = [1, 8, 31, 400]


def see(process: Any, group: Any, name: str, age: int) -> None:
    """On a computer and under an account of this name, the last time in the day so long ago."""
    day = NOW.date() - timedelta(days=age)
    at = datetime.combine(day, time(0 if age % 2 else 23, 0), NOW.tzinfo)
    seen = {"first_at": at, "last_at": at, "rows": 1, "occurrences": 1}
    computer = Computer.objects.filter(name=name).first() or make_computer(name, group)
    user, _ = Account.objects.get_or_create(domain=group.domain, name=name, name_key=name.lower())
    Presence.objects.create(process=process, group=group, computer=computer, **seen)
    UserPresence.objects.create(process=process, group=group, account=user, **seen)


def whom(done: Replay) -> Any:
    return done.computers, done.users, done.computers_by_group, done.users_by_group


def test_bits_tell_what_the_presences_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a block of computers, one in two groups, every day at which a bit turns."""
    sales, plant = make_group("Sales"), make_group("Plant")
    policies = [make_policy("Sales", "Sales"), make_policy("Plant", "Plant")]
    tool, other, known = make_process("t.exe", "a"), make_process("o.exe", "b"), make_process()
    for n, age in enumerate(AGES):
        see(tool, sales, f"PC-{n}", age)
        see(other, plant if n % 3 else sales, f"PC-{n + 5}", age)
    for n in range(25):
        see(known, sales, f"MORE-{n}", n % 9)
    give(known, policies[0])
    publish(actor=SYSTEM, policy=policies[0], now=NOW)
    ids = [policy.pk for policy in policies]
    places = [(group.pk, None) for group in (sales, plant)]

    def all_windows() -> list[Any]:
        asked = [[tool.pk], [tool.pk, other.pk], [tool.pk, other.pk, known.pk]]
        return [
            whom(done)
            for days in WINDOWS
            for done in (
                *(replay_decision(p, ids, "terminate", now=NOW, days=days) for p in asked),
                replay_switch(places, "quarantine", now=NOW, days=days),
            )
        ]

    direct = all_windows()
    monkeypatch.setattr(presence_bits, "BLOCK", 16)
    assert list(iter(lambda: roll_next(NOW), None)) == list(KINDS)
    assert PresenceBits.objects.values("block").distinct().count() > 1
    assert set(SharedBit.objects.values_list("kind", flat=True)) == set(KINDS)
    monkeypatch.setattr(part, "DIRECT_MOST", -1)
    assert all_windows() == direct
    done = replay_switch(places, "quarantine", now=NOW, days=7)
    assert done.presence_at == NOW
    later = NOW + timedelta(days=3)
    assert replay_switch(places, "quarantine", now=later, days=2).presence_at is None, "too old"

    assert due_kind(later) is None
    CountedDay.objects.create(day=date(2026, 3, 1))
    assert due_kind(NOW) is None, "not again within the pause"
    assert due_kind(NOW + PAUSE) == "computer"
