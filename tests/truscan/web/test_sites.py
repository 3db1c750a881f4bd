from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.make import make_site, make_user
from truscan.models.audit import AuditEvent
from truscan.models.log_import import VocabularyTerm

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))


def test_zone_and_encoding_of_a_site_are_changed_and_audited(client: Client) -> None:
    site = make_site()
    address = reverse("site", args=[site.pk])
    client.post(address, {"timezone": "Europe/Berlin", "encoding": "cp1252"})
    site.refresh_from_db()
    assert (site.timezone, site.encoding) == ("Europe/Berlin", "cp1252")
    event = AuditEvent.objects.get(code="site.edited")
    assert event.before == {"timezone": "UTC", "encoding": ""}


@pytest.mark.parametrize(("zone", "encoding"), [("Mars/Olympus", ""), ("UTC", "klingon"), ("", "")])
def test_it_rejects_a_zone_or_encoding_that_does_not_exist(
    client: Client, zone: str, encoding: str
) -> None:
    site = make_site()
    r = client.post(reverse("site", args=[site.pk]), {"timezone": zone, "encoding": encoding})
    assert r.status_code == 200
    site.refresh_from_db()
    assert (site.timezone, site.encoding) == ("UTC", "")


def test_a_term_of_another_language_is_explained_and_explained_anew(client: Client) -> None:
    for meaning in ("Security risk found", "Potential risk found"):
        told = {"kind": "event", "text": "Mögliches Risiko gefunden", "meaning": meaning}
        client.post("/sites/", told)
    assert VocabularyTerm.objects.get().meaning == "Potential risk found"
    assert AuditEvent.objects.filter(code="vocabulary.explained").count() == 2
    assert "Mögliches Risiko gefunden" in client.get("/sites/").content.decode()
