from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from exceptions_app.export.targets import TARGETS
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales(client: Client) -> Group:
    group = make_group("My Company\\Sales")
    client.force_login(make_user("viewer", "viewer", group))
    return group


@pytest.fixture
def policy(sales: Group) -> Policy:
    policy = make_policy("Sales exceptions", sales.path)
    give(make_seen("bad.exe", "a", (sales,)), policy, "terminate")
    return policy


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_comes_as_an_attachment(client: Client, policy: Policy, target: str) -> None:
    publish(actor=SYSTEM, policy=policy, now=NOW)
    r = client.get(reverse("revision-export", args=[policy.pk, target]))
    assert r.status_code == 200
    assert r["Content-Disposition"].startswith("attachment;")
    if r["Content-Type"] == "application/zip":
        assert zipfile.ZipFile(io.BytesIO(r.content)).testzip() is None


def test_a_group_gets_what_is_published_for_it(
    client: Client, policy: Policy, sales: Group
) -> None:
    publish(actor=SYSTEM, policy=policy, now=NOW)
    r = client.get(reverse("group-export", args=[sales.pk, "bundle"]))
    assert "a" * 63 + "1" in json.dumps(json.loads(r.content))


def test_the_draft_is_never_exported(client: Client, policy: Policy, sales: Group) -> None:
    for address in (
        reverse("revision-export", args=[policy.pk, "bundle"]),
        reverse("group-export", args=[sales.pk, "bundle"]),
    ):
        r = client.get(address, follow=True)
        assert "has no published revision. Publish it, then export it." in r.content.decode()


def test_it_rejects_an_unknown_target(client: Client, policy: Policy, sales: Group) -> None:
    for address in (
        reverse("revision-export", args=[policy.pk, "native-dat"]),
        reverse("group-export", args=[sales.pk, "native-dat"]),
    ):
        assert client.get(address).status_code == 404


def test_an_unknown_location_is_told(client: Client, policy: Policy, sales: Group) -> None:
    publish(actor=SYSTEM, policy=policy, now=NOW)
    address = reverse("group-export", args=[sales.pk, "bundle"])
    r = client.get(address, {"location": "Moon"}, follow=True)
    assert "has no location “Moon”" in r.content.decode()
