"""REST twins of the SEPM pages: add a server, plan, apply, find drift, settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.sepm import SepmServer
from exceptions_app.policies.publish import publish
from exceptions_app.sepm.setup import access_of
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.sepm.servers import facts, rules_of, run
from tests.sepm.simulated import PASSWORD, sepm_id
from tests.tokens import Caller
from truscan.models.access import IdempotencyKey
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmJob
    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated

pytestmark = pytest.mark.django_db
MADE = sepm_id("made Sales exceptions")


def job_of(told: dict[str, Any]) -> SepmJob:
    from exceptions_app.models.sepm import SepmJob

    return run(SepmJob.objects.get(pk=told["id"]))


def test_servers_are_added_changed_and_switched_by_administrators_of_the_estate(
    address: str, authority: Identity
) -> None:
    owner = Caller(make_user("owner", "administrator"))
    given = facts(address, authority, password=PASSWORD, drift_hours=24)
    assert owner.post("sepm-servers/", given | {"url": "http://x"}).status_code == 400
    assert owner.post("sepm-servers/", given | {"password": ""}).status_code == 400
    assert owner.post("sepm-servers/", given | {"trust_kind": "everybody"}).status_code == 400
    made = owner.post("sepm-servers/", given, "one")
    assert made.status_code == 201
    assert owner.post("sepm-servers/", given, "one").json() == made.json()
    server = SepmServer.objects.get()
    assert access_of(server).password == PASSWORD
    kept = str(IdempotencyKey.objects.values_list("response", flat=True)[0])
    for text in (made.content.decode(), kept, AuditEvent.objects.latest("id").canonical):
        assert PASSWORD not in text
    assert address not in made.content.decode()

    at = f"sepm-servers/{server.pk}/"
    assert owner.put(at, given | {"password": "", "name": "Renamed"}).json()["name"] == "Renamed"
    moved = given | {"password": "", "url": "https://evil.example.org"}
    assert "Give the password" in owner.put(at, moved).content.decode()
    assert owner.post(f"{at}switch/", {"is_on": False}).json()["is_on"] is False
    assert not SepmServer.objects.get().is_on

    approver = Caller(make_user("sally", "approver", make_group("My Company\\Sales")))
    assert approver.get("sepm-servers/").status_code == 200
    for r in (
        approver.post("sepm-servers/", given),
        approver.put(at, given),
        approver.post(f"{at}switch/", {"is_on": True}),
    ):
        assert r.status_code == 403
    analyst = Caller(make_user("ann", "analyst", make_group("My Company\\Sales")))
    assert analyst.post("sepm-servers/", given).status_code == 404
    narrow = Caller(make_user("root", "administrator"), ("read", "publish"))
    assert narrow.post("sepm-servers/", given).status_code == 403


def test_from_a_plan_to_settled_drift(server: SepmServer, policy: Policy, sepm: Simulated) -> None:
    sales = make_group("My Company\\Sales")
    approver = Caller(make_user("sally", "approver", sales))
    plan = approver.post(f"sepm-servers/{server.pk}/plan/", {"policies": [policy.pk]}).json()
    job_of(plan)
    told = approver.get(f"sepm-jobs/{plan['id']}/").json()
    assert len(told["result"]["policies"][0]["changes"]) == 2
    job_of(approver.post(f"sepm-jobs/{plan['id']}/apply/").json())
    assert rules_of(sepm) == {"A": "IGNORE", "B": "BLOCK"}
    owner = Caller(make_user("owner", "administrator"))

    def look() -> dict[str, Any]:
        job_of(owner.post(f"sepm-servers/{server.pk}/drift/").json())
        (row,) = approver.get(f"sepm-policies/?server={server.pk}").json()["results"]
        return dict(row)

    assert (look()["is_open"], look()["drift"]) == (False, [])
    sepm.rules(MADE, "applications").clear()
    sepm.rules(MADE, "denylistrules")[0]["action"] = "QUARANTINE"
    row = look()
    assert row["is_open"]
    at, keys = f"sepm-policies/{row['id']}/", {one["kind"]: one["key"] for one in row["drift"]}
    assert set(keys) == {"changed", "gone"}

    strangers = Caller(make_user("eve", "approver", make_group("My Company\\Else")))
    assert strangers.get("sepm-policies/").json()["results"] == []
    for act in ("leave", "adopt", "restore"):
        assert strangers.post(at + act + "/", {"keys": ["x"]}).status_code == 404
        assert Caller(make_user(f"v{act}", "viewer", sales)).post(f"{at}{act}/").status_code == 404

    assert approver.post(f"{at}leave/", {"reason": "looked at"}).json()["is_open"] is False
    assert look()["is_open"] is False, "left is not told again"
    assert approver.post(f"{at}adopt/", {"keys": ["nothing"]}).status_code == 400
    adopted = approver.post(f"{at}adopt/", {"keys": [keys["changed"]], "reason": "right so"})
    assert (adopted.status_code, len(adopted.json()["decisions"])) == (201, 1)
    rows = ProcessException.objects.filter(retired_at=None).order_by("process__name")
    assert [row.response for row in rows] == ["ignore", "quarantine"]

    publish(actor=SYSTEM, policy=policy, now=NOW)
    restored = approver.post(f"{at}restore/").json()
    job_of(restored)
    job_of(approver.post(f"sepm-jobs/{restored['id']}/apply/").json())
    assert rules_of(sepm) == {"A": "IGNORE", "B": "QUARANTINE"}
    assert look()["drift"] == []
