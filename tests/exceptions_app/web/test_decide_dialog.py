"""The decide dialog as a page: what it shows, does and refuses, and whom it tells what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, PolicyAssignment
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.policies.assign import create_policy
from tests.exceptions_app.acts import give
from tests.exceptions_app.web.estate import make_seen, sign_in
from tests.make import NOW, SYSTEM, make_group
from truscan.models.access import RoleGrant
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse
    from django.test import Client

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


def asked(process: Process) -> dict[str, str | int]:
    return {"process": process.pk, "response": "ignore"}


def decide(client: Client, **data: object) -> HttpResponse:
    data.setdefault("reason", "business application")
    data.setdefault("response", "ignore")
    return client.post("/processes/decide/", data)  # type: ignore[return-value]


def test_dialog_preselects_the_policies_in_force(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    other = create_policy(actor=SYSTEM, name="Elsewhere", groups=[make_group("My Company\\Lab")])
    r = client.get("/processes/decide/", asked(process))
    assert f'name="policies" value="{policy.pk}" checked' in r.text
    assert f'name="policies" value="{other.pk}">' in r.text
    assert "Writes 1 exception" in r.text


def test_a_response_leaves_the_inbox_and_can_be_undone(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    r = decide(client, process=process.pk, policies=policy.pk, next="/?q=erp")
    assert r.headers["Location"] == "/?q=erp"
    exception = ProcessException.objects.get(process=process, retired_at=None)
    assert (exception.response, exception.reason) == ("ignore", "business application")
    page = client.get("/").text
    assert "data-row" not in page
    decision = Decision.objects.get()
    assert f"/decisions/{decision.pk}/undo/" in page
    client.post(f"/decisions/{decision.pk}/undo/")
    assert "data-row" in client.get("/").text


def test_it_asks_for_policy_and_reason(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    r = decide(client, process=process.pk, reason=" ")
    assert r.status_code == 422
    assert "Choose at least one policy" in r.text
    assert "This field is required" in r.text
    assert not ProcessException.objects.exists()


def test_creates_and_assigns_a_policy_when_there_is_none(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    dialog = client.get("/processes/decide/", asked(process))
    assert "No policy is in force in 1 group" in dialog.text
    decide(client, process=process.pk, new_policy="Sales exceptions", new_group=sales.pk)
    assert PolicyAssignment.objects.get().group == sales
    assert ProcessException.objects.get().policy.name == "Sales exceptions"


def test_an_analyst_does_not_assign_policies(client: Client, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    sign_in(client, "member", "analyst", sales)
    dialog = client.get("/processes/decide/", asked(process))
    assert "An administrator of these groups creates a policy" in dialog.text
    r = decide(client, process=process.pk, new_policy="Mine", new_group=sales.pk)
    assert "Only an administrator" in r.text
    assert not Policy.objects.exists()


def test_all_matching_sends_the_filter_and_the_server_asks_again(
    client: Client, owner: User, sales: Group
) -> None:
    for n in range(60):
        make_seen(f"tool{n}.exe", "a", (sales,), hash=f"{n:02x}" * 32)
    make_seen("other.exe", "b", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    decide(client, matching="q=tool", policies=policy.pk)
    assert ProcessException.objects.filter(retired_at=None).count() == 60


def test_all_matching_is_only_what_one_may_see(client: Client, owner: User, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("tool1.exe", "a", (sales,))
    make_seen("tool2.exe", "b", (lab,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    sign_in(client, "member", "analyst", sales)
    decide(client, matching="q=tool", policies=policy.pk)
    assert [e.process.name for e in ProcessException.objects.all()] == ["tool1.exe"]


def test_a_filter_is_told_with_what_will_be_left_and_why(
    client: Client, owner: User, sales: Group
) -> None:
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    lab = make_group("My Company\\Lab")
    for n, digit in enumerate("abc"):
        make_seen(f"tool{n}.exe", digit, (sales,))
    make_seen("tool3.exe", "d", (sales,), on_symantec_list=True)
    make_seen("tool4.exe", "e", (sales,), hash="")
    make_seen("tool5.exe", "f", (sales,), summary={"risk_class": "keylogger"})
    covered = Process.objects.get(name="tool0.exe")
    give(covered, policy)
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger")
    make_seen("tool6.exe", "1", (lab,))
    user = sign_in(client, "member", "analyst", sales)
    RoleGrant.objects.create(user=user, role="viewer", group=lab)
    data: dict[str, str | int] = {
        "matching": "q=tool&state=all",
        "response": "ignore",
        "policies": policy.pk,
    }
    page = client.get("/processes/decide/", data).text
    for told in (
        "Writes 3 exceptions",
        "<b>1</b> on Symantec’s own list, for which no exception can be made",
        "<b>1</b> outside the groups where you decide",
        "<b>1</b> without a hash: a name alone never makes an Ignore",
        "<b>1</b> have this response already",
        "1 of 5 need a second person.",
    ):
        assert told in page, told
    aside = client.get("/processes/decide/", data | {"response": "observe"}).text
    assert "<b>1</b> outside the groups where you decide" in aside
    assert "1 exception of the policies in force there is removed from the draft first" in aside


def test_a_policy_deleted_while_the_dialog_is_open_is_told(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[])
    assert "Sales exceptions" in client.get("/processes/decide/", asked(process)).text
    gone = policy.pk
    policy.delete()
    r = decide(client, process=process.pk, policies=gone)
    assert r.status_code == 422
    assert "was deleted meanwhile" in r.text
    assert "business application" in r.text, "what was typed stays"
    assert not ProcessException.objects.exists()


def test_a_forged_id_is_not_there(
    client: Client, sales: Group, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = make_seen("lab.exe", "b", (make_group("My Company\\Lab"),))
    mine = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    sign_in(client, "member", "analyst", sales)
    both = [mine.pk, foreign.pk]
    assert decide(client, process=both, policies=policy.pk).status_code == 404
    assert "Not Found: /processes/decide/" in caplog.text
    for text in ("999999", "x", "-1", "9" * 40):
        assert decide(client, process=text, policies=policy.pk).status_code == 404
    assert not ProcessException.objects.exists()


def test_a_policy_that_touches_foreign_groups_is_refused(client: Client, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    both = [sales, make_group("My Company\\Lab")]
    policy = create_policy(actor=SYSTEM, name="Shared exceptions", groups=both)
    sign_in(client, "member", "analyst", sales)
    dialog = client.get("/processes/decide/", asked(process))
    assert "also in force in groups outside yours" in dialog.text
    r = decide(client, process=process.pk, policies=policy.pk)
    assert r.status_code == 422
    assert "outside yours" in r.text
    assert not ProcessException.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("analyst", 200)])
def test_a_viewer_does_not_decide(client: Client, sales: Group, role: str, status: int) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    sign_in(client, "member", role, sales)
    r = client.get("/processes/decide/", asked(process))
    assert r.status_code == status


def test_symantecs_own_list_is_shown_and_refused(client: Client, owner: User, sales: Group) -> None:
    listed = make_seen("msiexec.exe", "a", (sales,), on_symantec_list=True)
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    assert "1 cannot be excepted" in client.get("/").text
    assert "msiexec.exe" in client.get("/?state=cannot").text
    dialog = client.get("/processes/decide/", asked(listed))
    assert "no exception can be made" in dialog.text
    r = decide(client, process=listed.pk, policies=policy.pk)
    assert r.status_code == 422
    assert not ProcessException.objects.exists()


def test_observe_puts_it_out_of_the_way(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    decide(client, process=process.pk, response="observe", groups=sales.pk, reason="unknown yet")
    assert "data-row" not in client.get("/").text
    assert "erp.exe" in client.get("/?state=observed").text
    assert not ProcessException.objects.exists()


def test_with_htmx_the_list_stays_and_the_message_arrives(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    data = {"process": process.pk, "policies": policy.pk, "response": "ignore", "reason": "x"}
    r = client.post("/processes/decide/", data, headers={"HX-Request": "true"})
    assert r.status_code == 200
    assert '"ids": [' in r.headers["HX-Trigger"]
    assert "hx-swap-oob" in r.text
    assert "Undo" in r.text


def test_consequences_are_told_before_and_write_nothing(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    data = {"process": process.pk, "policies": policy.pk, "response": "ignore"}
    r = client.post("/processes/decide/", {**data, "part": "consequences"})
    assert "Writes 1 exception" in r.text
    assert "clients not known" in r.text
    assert not Decision.objects.exists()


def test_of_two_people_the_second_is_told(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    dialog = client.get("/processes/decide/", asked(process)).text
    opened = re.search(r'name="seen_at" value="([^"]+)"', dialog)
    assert opened
    decide(client, process=process.pk, policies=policy.pk, response="terminate")
    decide(client, process=process.pk, policies=policy.pk, seen_at=opened[1])
    assert ProcessException.objects.get(retired_at=None).response == "terminate"
    assert "was decided meanwhile" in client.get("/").text


def test_only_those_who_may_write_it_undo_it(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    decide(client, process=process.pk, policies=policy.pk)
    decision = Decision.objects.get()
    sign_in(client, "outsider", "analyst", make_group("My Company\\Lab"))
    assert client.post(f"/decisions/{decision.pk}/undo/").status_code == 404
    assert ProcessException.objects.filter(retired_at=None).exists()


def test_next_never_leads_away(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    r = decide(client, process=process.pk, policies=policy.pk, next="//evil.example/")
    assert r.headers["Location"] == "/"


def test_observing_says_which_exceptions_it_removes(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    decide(client, process=process.pk, policies=policy.pk)
    r = client.get("/processes/decide/", asked(process) | {"response": "observe"})
    assert "1 exception of the policies in force there is removed from the draft first" in r.text


def test_observing_does_not_write_a_policy_of_foreign_groups(client: Client, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    both = [sales, make_group("My Company\\Lab")]
    policy = create_policy(actor=SYSTEM, name="Shared exceptions", groups=both)
    sign_in(client, "owner", "administrator")
    decide(client, process=process.pk, policies=policy.pk)
    sign_in(client, "member", "analyst", sales)
    r = decide(client, process=process.pk, response="observe", groups=sales.pk)
    assert "outside yours" in r.text
    assert ProcessException.objects.filter(retired_at=None).exists()
