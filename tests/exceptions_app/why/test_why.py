"""The chain from a log line to a client, by page, REST and command; unknown stays unknown."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.models.export_record import ExportRecord
from exceptions_app.policies.approval import approve
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import ask_to_publish
from exceptions_app.why.chain import why
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor

pytestmark = pytest.mark.django_db


def test_every_link_by_all_three_faces_and_unknown_stays_unknown() -> None:
    group = make_group("My Company\\Sales")
    ada, bob = make_user("ada", "approver"), make_user("bob", "approver")
    policy = make_policy("Sales", group.path)
    erp, other = make_seen("erp.exe", "a", (group,)), make_seen("other.exe", "b", (group,))

    def states(process: Any = erp) -> dict[str, str]:
        found = why(process, group, None, now=NOW + timedelta(days=1))
        return {link.name: link.state for link in found.links}

    assert set(states().values()) == {"known", "none", "not known"}
    give(erp, policy, actor=Actor.on_web(ada))
    assert (states()["decision"], states()["revision"]) == ("known", "none")
    request = ask_to_publish(actor=Actor.on_web(ada), policy=policy, now=NOW)
    approve(actor=Actor.on_web(bob), request=request, now=NOW)
    assert (states()["approval"], states()["revision"]) == ("known", "known")
    assert (states()["export"], states()["client"]) == ("none", "not known")

    tool = Caller(make_user("tool", "viewer", group), ("read",))
    address = f"groups/{group.pk}/policy/?target=bundle"
    etag = tool.get(address)["ETag"]
    for _ in range(3):
        r = tool.get(address, **{"If-None-Match": etag})
        assert (r.status_code, r.content) == (304, b"")
    (record,) = ExportRecord.objects.all()
    assert (record.fetcher_name, record.target, record.count) == ("tool", "bundle", 2)

    later = NOW + timedelta(hours=1)
    serial = f"7A5B-{later:%m/%d/%Y %H:%M:%S} 421"
    domain = group.domain_id
    record_serials(
        actor=SYSTEM,
        read_at=later,
        source="test",
        groups=[GroupReading(group.pk, serial)],
        clients=[
            ClientReading(domain, "pc1", group.pk, serial, checked_in_at=later),
            ClientReading(domain, "pc2", group.pk, "7A5B-01/01/2020 00:00:00 1",
                          checked_in_at=later),
        ],
    )  # fmt: skip
    assert set(states().values()) == {"known"}
    assert states(other)["revision"] == "none"

    told = tool.get(f"processes/{erp.pk}/why/?group={group.pk}").json()
    assert (told["response"], told["answer"]) == (
        "ignore", f"Ignore is in force for {group}, by the policy Sales."
    )  # fmt: skip
    links = {one["link"]: one for one in told["chain"]}
    assert links["approval"]["by"] == "bob"
    # By the clock of today both have been silent for long, so nothing is known of them.
    assert (links["client"]["clients"], links["client"]["state"]) == ({"silent": 2}, "not known")
    then = why(erp, group, None, now=later).links[-1]
    assert then.facts["clients"] == {"behind": 1, "current": 1}
    assert links["export"]["fetches"][0]["by"] == "tool"
    out = io.StringIO()
    call_command("why", "--process", erp.hash, "--group", group.path, "--json", stdout=out)
    assert json.loads(out.getvalue())["chain"][3]["sha256"] == links["revision"]["sha256"]
    with pytest.raises(CommandError, match="has no location"):
        call_command("why", "--process", erp.hash, "--group", group.path, "--location", "Moon")
    client = Client()
    client.force_login(ada)
    page = client.get(f"/processes/{erp.pk}/why/", {"group": group.path})
    assert "bob approved what ada asked for." in page.content.decode()
    assert "no single group" in client.get(
        f"/processes/{erp.pk}/why/", {"group": "Nowhere"}
    ).content.decode()  # fmt: skip


def test_a_304_renders_nothing_and_every_change_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    group = make_group("My Company\\Sales")
    policy = make_policy("Sales", group.path)
    give(make_seen("erp.exe", "a", (group,)), policy, expires_at=NOW + timedelta(days=1))
    publish(actor=SYSTEM, policy=policy, now=NOW)
    tool = Caller(make_user("tool", "viewer", group), ("read",))
    address = f"groups/{group.pk}/policy/?target=bundle"

    def ask(etag: str = "") -> Any:
        return tool.get(address, **({"If-None-Match": etag} if etag else {}))

    monkeypatch.setattr("exceptions_app.api.exports.timezone.now", lambda: NOW)
    etag = ask()["ETag"]
    assert ask(etag).status_code == 304
    with monkeypatch.context() as patch:
        patch.delattr("exceptions_app.api.exports.download")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert ask(etag).status_code == 304
        assert not [q for q in seen if '"canonical"' in q["sql"].partition(" FROM ")[0]]
    # Who asks (4), the group (3), places (3), names (2), revisions and expiries (2).
    assert len(seen) <= 16, [q["sql"][:90] for q in seen]
    group.domain.name = "Renamed"
    group.domain.save()
    assert ask(etag).status_code == 200
    etag = ask()["ETag"]
    later = NOW + timedelta(days=2)
    monkeypatch.setattr("exceptions_app.api.exports.timezone.now", lambda: later)
    r = ask(etag)
    assert (r.status_code, r.json()["policies"][0]["rules"]) == (200, [])
    etag = r["ETag"]
    give(make_seen("new.exe", "b", (group,)), policy)
    assert ask(etag).status_code == 304
    publish(actor=SYSTEM, policy=policy, now=NOW)
    assert ask(etag).status_code == 200
