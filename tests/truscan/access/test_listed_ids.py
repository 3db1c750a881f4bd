from __future__ import annotations

import pytest

from tests.make import make_group
from truscan.models.estate import Group
from truscan.models.presence import Presence

pytestmark = pytest.mark.django_db


def test_a_list_of_ids_is_one_value_and_finds_the_same() -> None:
    ids = [make_group(f"My Company\\G{n}").pk for n in range(6)]
    found = Group.objects.filter(pk__in=[*ids[:4], ids[0], 2**30])
    assert "= ANY(" in str(found.query)
    assert sorted(found.values_list("pk", flat=True)) == ids[:4]
    assert set(Group.objects.filter(pk__in=ids).exclude(pk__in=ids[:5])) == {
        Group.objects.get(pk=ids[5])
    }
    below = Group.objects.filter(parent__in=ids)
    assert "= ANY(" in str(below.query)
    assert not below.exists()


@pytest.mark.parametrize("odd", [2**40, -(2**40), None])
def test_what_does_not_fit_an_array_of_the_column_is_asked_for_one_by_one(odd: object) -> None:
    """A number beyond the column finds nothing; as part of its array it would be an error."""
    seen = Presence.objects.filter(group__in=[1, 2, 3, 4, odd])
    assert " IN (" in str(seen.query)
    assert not seen.exists()


def test_no_ids_find_nothing() -> None:
    assert not Group.objects.filter(pk__in=[]).exists()
    assert not Presence.objects.filter(group__in=[]).exists()
