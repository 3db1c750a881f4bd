"""A group, its administrator, and counts that no other test left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from tests.make import make_group, make_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("owner", "administrator")
    client.force_login(user)
    return user
