from __future__ import annotations

import pytest

from tests.make import NOW, make_computer, make_group, make_process, make_sighting
from truscan.computers_seen import computers_seen
from truscan.models.presence import MovedPresence, Presence

pytestmark = pytest.mark.django_db


def test_a_computer_that_moved_counts_once_in_groups_that_hold_both_places() -> None:
    groups = [make_group(f"My Company\\{name}") for name in ("Sales", "Lab", "Plant")]
    stays, moved = (make_computer(name, groups[0]) for name in ("PC-1", "PC-2"))
    process, other = make_process("erp.exe", "a"), make_process("crm.exe", "b")
    seen = [(stays, 0), (moved, 0), (moved, 1), (moved, 2)]
    for computer, n in seen:
        times = {"first_at": NOW, "last_at": NOW, "rows": 1, "occurrences": 1}
        Presence.objects.create(process=process, computer=computer, group=groups[n], **times)
    for n, computers in enumerate((2, 1, 1)):
        make_sighting(process, groups[n], computers=computers)
    make_sighting(other, groups[1], computers=7)
    MovedPresence.objects.create(process=process, computer=moved)
    asked, ids = [process.pk, other.pk], [group.pk for group in groups]
    assert computers_seen(asked, None) == {process.pk: 2, other.pk: 7}
    assert computers_seen(asked, ids[:2]) == {process.pk: 2, other.pk: 7}
    assert computers_seen(asked, ids[1:]) == {process.pk: 1, other.pk: 7}
    assert computers_seen(asked, ids[2:]) == {process.pk: 1}
    assert computers_seen(asked, []) == {}
