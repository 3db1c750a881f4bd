from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.models.arrival import ClientSerial
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group, make_process, make_sighting, make_user
from truscan.access.tokens import create_token
from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType
from truscan.models.estate import Group

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

OLD, NEW = "7A5B-03/01/2026 17:32:09 421", "7A5B-03/02/2026 01:00:00 005"
TABLE = f"Computer name,Group,Policy serial number\npc-1,Global\\Sales,{OLD}\n=x,Global\\Secret,\n"


def upload(text: str = TABLE) -> SimpleUploadedFile:
    return SimpleUploadedFile("status.csv", text.encode())


def test_a_table_is_looked_at_and_then_taken_in(client: Client) -> None:
    sales, _ = make_group("Global\\Sales"), make_group("Global\\Secret")
    user = make_user("anna", "analyst", sales)
    client.force_login(user)
    assert b"No serial was read yet" in client.get("/arrival/").content
    form: dict[str, Any] = {"timezone": "UTC"}
    assert b"Choose the file" in client.post("/arrival/import/", form).content
    r = client.post("/arrival/import/", form | {"file": upload("nothing")})
    assert b"must name the computer" in r.content
    r = client.post("/arrival/import/", form | {"file": upload()})
    assert b"Line 3: There is no such group among yours" in r.content
    assert not ClientSerial.objects.exists()
    table = r.context["table"]
    client.post("/arrival/import/", {"table": table + "x"})
    assert not ClientSerial.objects.exists()
    r = client.post("/arrival/import/", {"table": table}, follow=True)
    assert b"Clients read: 1; lines left out: 1" in r.content
    assert ClientSerial.objects.get().name == "pc-1"
    other = make_user("bert", "analyst", sales)
    client.force_login(other)
    r = client.post("/arrival/import/", {"table": table}, follow=True)
    assert b"upload it again" in r.content
    assert b"Its clients" in client.get(f"/groups/{sales.pk}/").content


def test_pages_and_rest_tell_the_same_within_the_scope(client: Client) -> None:
    now = timezone.now()
    policy = make_policy("Sales", "Global\\Sales")
    sales, secret = Group.objects.get(path="Global\\Sales"), make_group("Global\\Secret")
    process = make_process()
    make_sighting(process, sales)
    give(process, policy)
    publish(actor=SYSTEM, policy=policy, now=now - timedelta(days=9))
    DailyCount.objects.create(
        day=(now - timedelta(days=1)).date(), group=sales, process=process, rows=1, occurrences=3,
        event_type=EventType.POTENTIAL_RISK, action=Action.objects.create(name_key="logged"),
    )  # fmt: skip
    record_serials(
        actor=SYSTEM,
        read_at=now,
        source="test",
        groups=[GroupReading(sales.pk, NEW)],
        clients=[
            ClientReading(sales.domain_id, "=pc-1", sales.pk, OLD, "11.0.7"),
            ClientReading(sales.domain_id, "pc-2", sales.pk, NEW),
            ClientReading(sales.domain_id, "hidden", secret.pk, NEW),
        ],
    )
    user = make_user("anna", "analyst", sales)
    client.force_login(user)
    page = client.get("/arrival/?q=sales").content.decode()
    assert "50 %" in page
    assert "Secret" not in page
    listed = client.get("/arrival/clients/?state=behind").content.decode()
    assert "=pc-1" in listed
    assert "pc-2" not in listed
    assert b"No client" in client.get(f"/arrival/clients/?group={secret.pk}").content
    table = client.get("/arrival/clients.csv").content.decode()
    assert "\r\n'=pc-1," in table
    assert "hidden" not in table
    told = client.get(f"/policies/{policy.pk}/arrival/").content.decode()
    assert "understand only SHA-1" in told
    assert "not taking effect" in told
    assert b"50 %" in client.get(f"/policies/{policy.pk}/").content

    _, bearer = create_token(
        actor=SYSTEM, user=user, name="t", scopes=["read", "import"], days=9, now=now
    )
    headers = {"Authorization": f"Bearer {bearer}"}
    rest = client.get("/api/v1/arrival/", headers=headers).json()
    assert [row["path"] for row in rest["groups"]] == ["Global\\Sales"]
    assert (rest["sum"]["percent"], rest["next"]) == (50, None)
    states = client.get("/api/v1/arrival/clients/?state=behind", headers=headers).json()
    assert [row["name"] for row in states["clients"]] == ["=pc-1"]
    effect = client.get(f"/api/v1/policy-arrival/{policy.pk}/", headers=headers).json()
    (still,) = effect["not_taking_effect"]
    codes = [cause["code"] for cause in still["places"][0]["causes"]]
    assert (still["process"], codes[0]) == (process.pk, "not_handed_out")
    assert "needs_sha1" in codes
    address = "/api/v1/arrival/status/"
    dry = client.post(address + "?dry_run=true", {"file": upload()}, headers=headers)
    assert (dry.json()["created"], dry.json()["rejected"]) == (1, 1)
    assert client.post(address, {"file": upload("x")}, headers=headers).status_code == 400
    assert client.post(address, {"file": upload()}, headers=headers).json()["created"] == 1
