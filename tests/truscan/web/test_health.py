from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from truscan.models.delivery import Heartbeat
from truscan.web.health import LONGEST_SILENCE, check_beat

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(settings: Settings) -> None:
    """Redis has a test of its own below."""
    settings.HAS_BROKER = False


def test_it_works(client: Client) -> None:
    Heartbeat.objects.create(name="tick", at=timezone.now())
    r = client.get("/readyz")
    assert r.status_code == 200
    assert r.json()["status"] == "ready"
    assert set(r.json()["checks"]) == {"broker", "database", "migrations", "beat"}
    assert client.get("/healthz").content == b"ok\n"


def test_it_is_not_ready_before_the_first_beat(client: Client) -> None:
    r = client.get("/readyz")
    assert r.status_code == 503
    assert r.json()["checks"]["beat"] == {"ok": False, "age_seconds": None}


def test_an_old_beat_is_told_by_its_age() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="tick", at=now - LONGEST_SILENCE - timedelta(seconds=1))
    assert check_beat(now) == {"ok": False, "age_seconds": 181}
    assert check_beat(now - timedelta(seconds=2))["ok"]


def test_a_dead_broker_is_named_without_its_address(client: Client, settings: Settings) -> None:
    settings.HAS_BROKER = True
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    Heartbeat.objects.create(name="tick", at=timezone.now())
    r = client.get("/readyz")
    assert r.status_code == 503
    assert r.json()["checks"]["broker"] == {"ok": False, "error": "ConnectionError"}
    assert b"secret" not in r.content


def test_https_does_not_send_a_probe_elsewhere(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 301


def test_it_changes_nothing_on_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
