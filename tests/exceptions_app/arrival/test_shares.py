from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.arrival.shares import clients, shares, total
from tests.make import NOW, SYSTEM, make_group

pytestmark = pytest.mark.django_db

OLD, NEW = "7A5B-03/01/2026 17:32:09 421", "7A5B-03/02/2026 01:00:00 005"
NEWER, FOREIGN = "7A5B-03/02/2026 02:00:00 005", "FFFF-03/02/2026 08:00:00 005"
DAY = timedelta(days=1)


def test_each_group_has_its_share_and_what_is_not_known_stays_so() -> None:
    told = make_group("Global\\Told", client_count=7)
    seen, mute = make_group("Global\\Seen"), make_group("Global\\Mute", client_count=3)

    def client(
        name: str, group: int | None, serial: str = "", days: int | None = 0
    ) -> ClientReading:
        at = None if days is None else NOW - days * DAY
        return ClientReading(told.domain_id, name, group, serial, checked_in_at=at)

    record_serials(
        actor=SYSTEM,
        read_at=NOW,
        source="test",
        groups=[GroupReading(told.pk, NEW)],
        clients=[
            client("a", told.pk, NEW),
            client("b", told.pk, OLD, None),
            client("c", told.pk, NEW, 8),
            client("d", told.pk),
            client("e", told.pk, FOREIGN),
            client("f", seen.pk, OLD),
            client("g", seen.pk, NEW),
            client("h", None, NEW),
        ],
    )
    with CaptureQueriesContext(connection) as asked:
        first, second, nowhere = shares(None, NOW)
    assert len(asked) == 2
    assert (first.group, first.serial, first.is_told) == (told, NEW, True)
    # Seven clients in all, of which five are told of: two more are unknown.
    assert (first.current, first.behind, first.silent, first.unknown) == (1, 2, 1, 3)
    assert (first.clients, first.percent) == (7, 14)
    assert (second.group, second.serial, second.is_told) == (seen, NEW, False)
    assert (second.current, second.behind) == (1, 1)
    assert (nowhere.group, nowhere.unknown, nowhere.percent) == (None, 1, 0)
    assert total([first, second]).clients == 9
    assert shares([mute.pk], NOW) == []
    assert [row.group for row in shares([seen.pk], NOW)] == [seen]
    assert {row.name for row in clients(None, NOW, state="behind")} == {"b", "e", "f"}
    page = clients([told.pk], NOW, most=2)
    rest = clients([told.pk], NOW, after=page[-1].id)
    assert [row.name for row in (*page, *rest)] == ["a", "b", "c", "d", "e"]
    # A week on nobody has confirmed anything: silence, not health.
    assert shares([seen.pk], NOW + 8 * DAY)[0].silent == 2

    record_serials(
        actor=SYSTEM,
        read_at=NOW + DAY,
        source="test",
        clients=[client("a", told.pk, NEWER)],
    )
    later = shares([told.pk], NOW)[0]
    assert (later.serial, later.is_told, later.current) == (NEWER, False, 1)
