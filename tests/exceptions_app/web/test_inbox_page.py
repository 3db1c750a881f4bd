from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, PolicyAssignment
from exceptions_app.policies.assign import create_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import SYSTEM, make_group, make_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponse
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from truscan.models.estate import Group
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


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


def asked(process: Process) -> dict[str, str | int]:
    return {"process": process.pk, "response": "ignore"}


def sign_in(client: Client, name: str, role: str, group: Group | None = None) -> User:
    user = make_user(name, role, group)
    client.force_login(user)
    return user


def test_it_works(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/")
    assert r.status_code == 200
    assert "erpclient.exe" in r.text
    assert f"/processes/{process.pk}/" in r.text
    assert "without a response" in r.text


def test_pages_hold_no_inline_script_or_style(client: Client, owner: User, sales: Group) -> None:
    """The CSP would drop them; attributes of htmx are no scripts."""
    process = make_seen("erpclient.exe", "a", (sales,))
    for address in (
        "/",
        "/?q=zzz",
        f"/processes/{process.pk}/",
        f"/processes/decide/?process={process.pk}&response=ignore",
        "/detections/",
    ):
        r = client.get(address)
        assert r.status_code == 200, address
        assert not INLINE.search(r.text), (address, INLINE.search(r.text))
        assert "unsafe" not in r.headers["Content-Security-Policy"]


def test_a_log_cannot_write_markup_into_the_inbox(
    client: Client, owner: User, sales: Group
) -> None:
    make_seen("<img src=x>.exe", "a", (sales,), company_name="<b>x", generic_path="C:\\<i>\\x.exe")
    r = client.get("/")
    assert "<img src=x>" not in r.text
    assert "<b>x" not in r.text
    assert "<i>" not in r.text


def test_empty_inbox_says_what_to_do_first(client: Client, owner: User) -> None:
    assert "hand them in" in client.get("/").text


def test_filters_stand_in_the_address_as_chips(client: Client, owner: User, sales: Group) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/", {"group": "My Company\\Sales", "q": "erp"})
    assert "My Company\\Sales and below" in r.text
    assert 'href="?q=erp"' in r.text
    assert "erpclient.exe" in r.text


def test_a_bad_filter_is_told_and_finds_nothing(client: Client, owner: User, sales: Group) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/", {"group": "Nowhere"})
    assert "There is no group Nowhere." in r.text
    assert "data-row" not in r.text


def test_group_suggestions_stay_in_scope(client: Client, sales: Group) -> None:
    make_group("My Company\\Lab")
    sign_in(client, "member", "viewer", sales)
    r = client.get("/inbox/groups/", {"group": "company"})
    assert "Sales" in r.text
    assert "Lab" not in r.text


def test_type_suggestions_stay_in_scope(client: Client, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("a.exe", "a", (lab,), summary={"application_type": "Keylogger"})
    make_seen("b.exe", "b", (sales,), summary={"application_type": "Trojan"})
    sign_in(client, "member", "viewer", sales)
    assert 'hx-get="/inbox/types/"' in client.get("/").text
    r = client.get("/inbox/types/")
    assert 'value="Trojan"' in r.text
    assert "Keylogger" not in r.text


def test_number_of_queries_does_not_grow_with_the_rows(
    client: Client,
    owner: User,
    sales: Group,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(60):
        make_seen(f"tool{n}.exe", "a", (sales,), hash=f"{n:02x}" * 32)
    client.get("/")
    with django_assert_max_num_queries(40):
        r = client.get("/")
    assert r.text.count("data-row=") == 50
    assert len(r.content) < 130_000


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


def test_a_forged_id_is_not_there(client: Client, sales: Group) -> None:
    foreign = make_seen("lab.exe", "b", (make_group("My Company\\Lab"),))
    mine = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    sign_in(client, "member", "analyst", sales)
    both = [mine.pk, foreign.pk]
    assert decide(client, process=both, policies=policy.pk).status_code == 404
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
