"""The pages of SEPM servers: who sees what, and the way from adding a server to applying a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group, make_process, make_user
from tests.sepm.simulated import PASSWORD, USER, sepm_id

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoCaptureOnCommitCallbacks

    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated

pytestmark = pytest.mark.django_db
SALES = "My Company\\Sales"


def test_from_adding_a_server_to_drift_and_back(
    client: Client,
    sepm: Simulated,
    address: str,
    identity: Identity,
    settings: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.HAS_BROKER = False
    sepm.group(SALES)
    policy = make_policy("Sales exceptions", SALES)
    give(make_process("a.exe", "a"), policy)
    publish(actor=SYSTEM, policy=policy, now=timezone.now())
    client.force_login(make_user("owner", "administrator"))

    def send(path: str, **data: Any) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            r = client.post(path, data, follow=True)
        text = r.content.decode()
        assert r.status_code == 200
        assert PASSWORD not in text
        return text

    given = {
        "name": "SEPM one", "url": address, "username": USER, "password": PASSWORD, "interface": 2,
        "trust_kind": "pin", "fingerprint": identity.fingerprint, "domain": "Default",
    }  # fmt: skip
    assert "64 hex digits" in send("/sepm/", **given | {"fingerprint": "zz"})
    send("/sepm/", **given)
    server = SepmServer.objects.get()
    send(f"/sepm/{server.pk}/act/", act="read")
    assert SepmJob.objects.get(kind="read").state == "done"
    send(f"/sepm/{server.pk}/act/", act="plan", policy=policy.pk)
    plan = SepmJob.objects.get(kind="plan")
    text = client.get(f"/sepm/jobs/{plan.pk}/").content.decode()
    assert "Apply to SEPM" in text
    assert "a.exe" in text
    send(f"/sepm/jobs/{plan.pk}/act/", act="apply")
    assert SepmJob.objects.get(kind="apply").state == "done"
    sepm.rules(sepm_id("made Sales exceptions"), "applications").clear()
    send(f"/sepm/{server.pk}/act/", act="drift")
    link = SepmPolicy.objects.get()
    assert "SEPM differs" in client.get(f"/sepm/{server.pk}/").content.decode()
    send(f"/sepm/drift/{link.pk}/", act="restore")
    newest = SepmJob.objects.filter(kind="plan").first()
    assert newest is not None
    send(f"/sepm/jobs/{newest.pk}/act/", act="apply")
    assert len(sepm.rules(sepm_id("made Sales exceptions"), "applications")) == 1
    assert "Switch on" in send(f"/sepm/{server.pk}/act/", act="off")

    client.force_login(make_user("sally", "approver", make_group(SALES)))
    text = client.get(f"/sepm/{server.pk}/").content.decode()
    assert server.url not in text
    assert client.get(f"/sepm/jobs/{plan.pk}/").status_code == 200
    assert client.get(f"/sepm/jobs/{SepmJob.objects.get(kind='read').pk}/").status_code == 404
