from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_computer, make_group, make_user
from tests.truscan.ramp.plans import at, make_stored
from truscan.models.counts import DailyCount
from truscan.models.detection import Action
from truscan.models.presence import Presence
from truscan.models.process import Appearance, FileFacts, SameFile
from truscan.ramp.actions import confirm_level

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from truscan.models.estate import Group
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales", client_count=10)


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("owner", "administrator")
    client.force_login(user)
    return user


def make_facts(process: Process, **columns: Any) -> None:
    FileFacts.objects.create(identity=uuid4(), process=process, **columns)


def test_it_works(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,), signer="Contoso Ltd")
    make_facts(process, disposition="Bad", prevalence="Seen by few users")
    Appearance.objects.create(
        identity=uuid4(), process=process, name="erp.exe", generic_path="%TEMP%\\erp.exe"
    )
    r = client.get(f"/processes/{process.pk}/")
    assert r.status_code == 200
    for text in ("erpclient.exe", "Contoso Ltd", f"{process.pk}/more/log/", process.hash):
        assert text in r.text
    for headers in ({}, {"HX-Request": "true"}):
        more = client.get(f"/processes/{process.pk}/more/log/", headers=headers).text
        for text in ("Seen by few users", "erp.exe", "<wbr>erp.exe"):
            assert text in more
        assert more.startswith("<!doctype") == (not headers)


def test_out_of_scope_is_not_there(client: Client, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    client.force_login(make_user("outsider", "analyst", make_group("My Company\\Lab")))
    for part in ("", "evidence/", "where/groups/", "where/computers/", "more/log/", "more/days/"):
        assert client.get(f"/processes/{process.pk}/{part}").status_code == 404


def test_where_it_was_seen_is_told_of_ones_own_groups(client: Client, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    process = make_seen("erp.exe", "a", (sales, lab), sighting={"computers": 1})
    for group in (sales, lab):
        computer = make_computer(f"PC-{group.name}", group)
        times = {"first_at": NOW, "last_at": NOW, "rows": 1, "occurrences": 1}
        Presence.objects.create(process=process, computer=computer, group=group, **times)
    client.force_login(make_user("member", "viewer", sales))
    page = client.get(f"/processes/{process.pk}/").text
    assert "1 of 10 computers" in page.replace('<span class="num">1</span>', "1")
    assert "Lab" not in page
    computers = client.get(f"/processes/{process.pk}/where/computers/").text
    assert "PC-Sales" in computers
    assert "PC-Lab" not in computers
    assert client.get(f"/processes/{process.pk}/where/planets/").status_code == 404


def test_unknown_clients_are_unknown(client: Client, owner: User) -> None:
    process = make_seen("erp.exe", "a", (make_group("My Company\\Lab"),))
    assert "clients of the group not known" in client.get(f"/processes/{process.pk}/").text


def count(process: Process, group: Group, days: int, n: int, **more: Any) -> None:
    action = Action.objects.get_or_create(name_key="log", defaults={"name": "Log"})[0]
    more = {"event_type": 1, "sensitivity": 30, "action": action, **more}
    day = timezone.now().date() - timedelta(days=days)
    DailyCount.objects.create(day=day, group=group, process=process, rows=1, occurrences=n, **more)


def test_counts_stand_by_event_action_level_and_day(
    client: Client, owner: User, sales: Group
) -> None:
    lab = make_group("My Company\\Lab")
    process = make_seen("erp.exe", "a", (sales,), generic_path="%DRIVE%\\erp.exe")
    count(process, sales, 0, 7)
    count(process, sales, 3, 4812)
    stopped = Action.objects.create(name="Quarantined", name_key="quarantined")
    count(process, sales, 3, 40, event_type=2, action=stopped, sensitivity=None)
    count(process, lab, 90, 900_000)
    for part in ("", "evidence/"):
        page = re.sub("<[^>]+>", " ", client.get(f"/processes/{process.pk}/{part}").text)
        page = " ".join(page.split())
        assert "Security risk found 40 Quarantined" in page
        assert "Log" in page
        assert "not given 0 40" in page
        assert "4,812 40" in page
        assert "other drive, perhaps removable users may write here may be removable" in page
    assert 'class="chart"' in client.get(f"/processes/{process.pk}/").text
    client.force_login(make_user("member", "viewer", sales))
    assert "904,819" not in client.get(f"/processes/{process.pk}/evidence/").text


def test_many_policies_and_days_have_pages_of_their_own(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    for n in range(20):
        count(process, sales, n, 1000 + n)
    policies = [create_policy(actor=SYSTEM, name=f"P{n:02}", groups=[sales]) for n in range(15)]
    said = {"actor": SYSTEM, "processes": [process.pk], "policies": policies, "reason": "known"}
    respond(**said, response="ignore", now=NOW)  # type: ignore[arg-type]
    publish(actor=SYSTEM, policy=policies[14], now=NOW)
    page = client.get(f"/processes/{process.pk}/").text
    assert "all 15 policies that hold it" in page
    assert page.count("in the draft, not published yet") == 12
    assert "all 20 days" in page
    oldest = f"{timezone.now().date() - timedelta(days=19):%Y-%m-%d}"
    assert f'<td class="nowrap">{oldest}' not in page
    more = client.get(f"/processes/{process.pk}/more/policies/").text
    assert more.count("in the draft, not published yet") == 14
    assert "in force, revision 1" in more
    assert (
        f'{oldest}</td><td class="num">1,019'
        in client.get(f"/processes/{process.pk}/more/days/").text
    )
    assert "all decisions on it" in page
    told = client.get(f"/processes/{process.pk}/more/decisions/").text
    assert [f">P{n:02}<" in told for n in range(15)] == [True] * 15
    assert "all decisions on it" not in told
    assert client.get(f"/processes/{process.pk}/more/nothing/").status_code == 404


def test_draft_and_in_force_are_told_apart(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    said = {"actor": SYSTEM, "processes": [process.pk], "policies": [policy], "reason": "because"}
    respond(**said, response="ignore", now=NOW)  # type: ignore[arg-type]
    assert "in the draft, not published yet" in client.get(f"/processes/{process.pk}/").text
    publish(actor=SYSTEM, policy=policy, now=NOW)
    assert "in force, revision 1" in client.get(f"/processes/{process.pk}/").text
    respond(**said, response="terminate", now=NOW)  # type: ignore[arg-type]
    page = client.get(f"/processes/{process.pk}/").text
    assert "revision 1 still says Ignore" in page
    assert "because" in page


def test_hashes_of_the_same_program_tell_what_was_decided(
    client: Client, owner: User, sales: Group
) -> None:
    where = "%PROGRAMFILES%\\Contoso\\{}\\erp.exe"
    said: dict[str, Any] = {"signer": "Contoso Ltd"}
    new = make_seen("erp.exe", "a", (sales,), generic_path=where.format("2.0.1"), **said)
    old = make_seen(
        "ERP.exe", "b", (sales,), generic_path=where.format("1.10").upper(),
        application_version="1.0-old", **said,
    )  # fmt: skip
    make_seen("erp.exe", "c", (sales,), signer="Evil Ltd", application_version="6.6.6",
              generic_path=where.format("2.0.1"))  # fmt: skip
    make_seen("erp.exe", "d", (sales,), application_version="7.7.7",
              generic_path="%USERPROFILE%\\erp.exe", **said)  # fmt: skip
    policy = create_policy(actor=SYSTEM, name="Sales exceptions", groups=[sales])
    asked: dict[str, Any] = {
        "processes": [old.pk],
        "policies": [policy],
        "response": "ignore",
        "now": NOW,
    }
    respond(actor=SYSTEM, reason="the ERP client", **asked)
    page = client.get(f"/processes/{new.pk}/evidence/").text
    assert "1.0-old" in page
    assert "the ERP client" in page
    assert "6.6.6" not in page
    assert "7.7.7" not in page


def test_same_file_links_are_made_and_removed(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    other = make_seen("erp.exe", "b", (sales,), hash="b" * 39 + "1", hash_type="sha1")
    client.post(f"/processes/{process.pk}/same-file/", {"other": other.hash.upper()})
    assert SameFile.objects.count() == 1
    assert other.hash in client.get(f"/processes/{process.pk}/").text
    client.post(f"/processes/{process.pk}/same-file/{other.pk}/remove/")
    assert not SameFile.objects.exists()


def test_a_link_names_only_what_ones_groups_saw(client: Client, sales: Group) -> None:
    process = make_seen("erp.exe", "a", (sales,))
    foreign = make_seen("lab.exe", "b", (make_group("My Company\\Lab"),), hash="b" * 39 + "1")
    client.force_login(make_user("member", "analyst", sales))
    client.post(f"/processes/{process.pk}/same-file/", {"other": foreign.hash})
    assert not SameFile.objects.exists()
    assert "No log of your groups" in client.get(f"/processes/{process.pk}/").text


def test_symantecs_own_list_offers_no_response(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("msiexec.exe", "a", (sales,), on_symantec_list=True, permitted_reason="100")
    page = client.get(f"/processes/{process.pk}/").text
    assert "no exception can be made" in page
    assert 'name="response"' not in page


def test_queries_are_bounded(
    client: Client,
    owner: User,
    sales: Group,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    process = make_seen("erp.exe", "a", tuple(make_group(f"My Company\\G{n}") for n in range(12)))
    client.get("/")
    with django_assert_max_num_queries(40):
        client.get(f"/processes/{process.pk}/")


def test_since_the_last_change_counts_whole_days_of_each_group(
    client: Client, owner: User, sales: Group
) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    action = Action.objects.create(name="Left alone", name_key="left alone")
    plan = make_stored(sales)
    confirm_level(actor=SYSTEM, plan=plan, level="10", now=at(0))
    for day, many in ((-1, 100), (0, 10), (1, 3), (2, 4)):
        DailyCount.objects.create(
            day=at(day).date(), group=sales, process=process, event_type=2, action=action,
            rows=1, occurrences=many,
        )  # fmt: skip
    assert "Only since the last setting change" in client.get(f"/processes/{process.pk}/").text
    told = client.get(f"/processes/{process.pk}/?since=change").text
    assert "Security risk found 7" in " ".join(told.split())
    assert f"?process={process.pk}&amp;since=change" in told
    other = make_seen("tool.exe", "b", (make_group("My Company\\Lab"),))
    assert "no change is recorded" in client.get(f"/processes/{other.pk}/?since=change").text
