from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.http import QueryDict

from exceptions_app.coverage import Decided
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.renewal import Renewal
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.renew import renew
from exceptions_app.triage.renewals import proposals
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, make_group, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.models.counts import Sighting

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db

FOLDER = "%PROGRAMFILES%\\Contoso\\{}\\erp.exe"
LATER = NOW + timedelta(hours=1)


def build(digit: str, version: str, *groups: Group, **more: Any) -> Process:
    said = {"signer": "Contoso Ltd", "generic_path": FOLDER.format(version), **more}
    return make_seen("erp.exe", digit, groups, application_version=version, **said)


def arrive(*processes: Process) -> None:
    ids = Sighting.objects.filter(process__in=processes).values_list("pk", flat=True)
    Decided().after_fold(list(ids), NOW)


def pairs() -> dict[int, int]:
    return dict(Renewal.objects.values_list("process", "predecessor"))


def listed(user: User) -> list[int]:
    found = InboxFilter(QueryDict("state=renewals"), user=user, now=LATER)
    return sorted(found.qs.values_list("pk", flat=True))


def drafts(process: Process) -> set[tuple[str, str]]:
    rows = ProcessException.objects.filter(process=process, retired_at=None)
    return set(rows.values_list("policy__name", "response"))


def test_a_new_build_takes_over_by_one_act_and_gives_back_by_undo() -> None:
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    first, second = make_policy("Sales", sales.path), make_policy("Lab", lab.path)
    owner, member = make_user("owner", "administrator"), make_user("member", "analyst", sales)
    old = build("1", "7.4.1", sales, lab)
    give(old, first, expires_at=NOW + timedelta(days=30), reason="the ERP client")
    give(old, second, "quarantine")
    new = build("2", "7.10.0", sales, lab)
    other = build("3", "7.10.1", sales, signer="Evil Ltd")
    elsewhere = build("4", "7.10.2", sales, generic_path="%USERPROFILE%\\erp.exe")
    bare = build("5", "7.10.3", sales, hash="", hash_type="")
    arrive(new, other, elsewhere, bare)
    arrive(new, other)
    assert pairs() == {new.pk: old.pk, other.pk: old.pk}
    assert listed(owner) == listed(member) == [new.pk, other.pk]
    (seen,) = proposals(member, [new.pk], NOW)
    assert [e.policy.name for e in seen.exceptions] == ["Sales"]
    done = renew(actor=Actor.on_web(owner), user=owner, processes=[new.pk, other.pk], now=LATER)
    assert drafts(new) == {("Sales", "ignore"), ("Lab", "quarantine")}
    assert drafts(other) == set()
    assert [(skip.process_id, skip.code) for skip in done.skipped] == [(other.pk, "needs_person")]
    kept = ProcessException.objects.get(process=new, policy=first)
    assert kept.expires_at == NOW + timedelta(days=30)
    assert "the ERP client" in kept.reason
    assert listed(owner) == [other.pk]
    again = renew(actor=Actor.on_web(owner), user=owner, processes=[new.pk], now=LATER)
    assert [skip.code for skip in again.skipped] == ["same"]
    for _, result in done.results:
        assert result.decision is not None
        undo(actor=Actor.on_web(owner), decision=result.decision, now=LATER)
    assert drafts(new) == set()
    assert listed(owner) == [new.pk, other.pk]
    give(new, second, "terminate", now=LATER, actor=Actor.on_web(member))
    done = renew(actor=Actor.on_web(owner), user=owner, processes=[new.pk], now=LATER)
    assert drafts(new) == {("Sales", "ignore"), ("Lab", "terminate")}
    ((_, kept_one), _) = sorted(done.results, key=lambda row: row[1].applied)
    assert "by member" in kept_one.skipped[0].why
    ProcessException.objects.filter(process=old).update(retired_at=LATER)
    assert listed(owner) == []


def test_nobody_writes_policies_of_other_groups_and_no_machine_takes_another_signer(
    client: Client,
) -> None:
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    wide = make_policy("Everywhere", sales.path, lab.path)
    own = make_policy("Sales", sales.path + "\\Laptops")
    old = build("1", "1.0", sales)
    for policy in (wide, own):
        give(old, policy)
    new, other = build("2", "1.1", sales), build("3", "1.1", sales, signer="")
    arrive(new, other)
    member = make_user("member", "analyst", sales)
    client.force_login(member)
    for part in ("", "evidence/"):
        page = client.get(f"/processes/{new.pk}/{part}").text
        assert "Same response for this build" in page
        page = client.get(f"/processes/{other.pk}/{part}").text
        assert "needs a person" in page
        assert "Same response for this build" not in page
    page = client.get("/?state=renewals").text
    assert "Needs a person" in page
    assert ">Update<" in page
    assert "New build" in client.get("/").text
    assert client.post("/processes/renew/", {"process": [new.pk, 999_999]}).status_code == 404
    assert client.post("/processes/renew/", {"process": "٣"}).status_code == 404
    caller = Caller(member)
    (_, first) = caller.get("renewals/").json()["results"]
    assert (first["process"], first["predecessor"]) == (new.pk, old.pk)
    assert not first["needs_person"]
    r = caller.post("renewals/accept/", {"processes": [new.pk, other.pk]})
    assert r.status_code == 201
    told = {(skip["process_id"], skip["code"]) for skip in r.json()["skipped"]}
    assert told == {(other.pk, "needs_person"), (new.pk, "foreign_policy")}
    assert drafts(new) == {("Sales", "ignore")}
    assert drafts(other) == set()
