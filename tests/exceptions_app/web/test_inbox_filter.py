from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.http import QueryDict

from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.inbox_page import page_of
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, make_domain, make_group, make_site, make_user
from truscan.models.counts import FOREVER, ProcessSummary
from truscan.models.log_import import ImportGroup, LogFile, LogImport
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicy, ScanPolicyUse

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("owner", "administrator")


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


def names(user: User, query: str = "") -> list[str]:
    found = InboxFilter(QueryDict(query), user=user, now=NOW)
    return sorted(s.process.name for s in found.qs.select_related("process"))


def test_it_works(owner: User, sales: Group) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    assert names(owner) == ["erpclient.exe"]


def test_a_person_finds_only_what_his_groups_saw(sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("erpclient.exe", "a", (sales,))
    make_seen("labview.exe", "b", (lab,))
    member = make_user("member", "viewer", sales)
    assert names(member) == ["erpclient.exe"]
    assert names(make_user("outsider")) == []
    assert names(member, "group=My Company\\Lab") == []


def test_states(owner: User, sales: Group) -> None:
    make_seen("open.exe", "a", (sales,))
    make_seen("decided.exe", "b", (sales,), sighting={"covered_until": FOREVER})
    make_seen("observed.exe", "c", (sales,), sighting={"observed_until": FOREVER})
    make_seen("listed.exe", "d", (sales,), on_symantec_list=True)
    make_seen("forced.exe", "e", (sales,), sighting={"candidate_occurrences": 0})
    assert names(owner) == ["open.exe"]
    assert names(owner, "state=open") == ["open.exe"]
    assert names(owner, "state=decided") == ["decided.exe"]
    assert names(owner, "state=observed") == ["observed.exe"]
    assert names(owner, "state=cannot") == ["listed.exe"]
    assert len(names(owner, "state=all")) == 5


def test_a_decision_that_expired_opens_the_process_again(owner: User, sales: Group) -> None:
    make_seen("old.exe", "a", (sales,), sighting={"covered_until": NOW - timedelta(seconds=1)})
    assert names(owner) == ["old.exe"]


def test_decided_in_one_group_is_still_open_in_another(owner: User, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    process = make_seen("erp.exe", "a", (sales, lab))
    process.sightings.filter(group=sales).update(covered_until=FOREVER)
    assert names(owner) == ["erp.exe"]
    assert names(make_user("member", "viewer", sales)) == []
    assert names(owner, "group=My Company\\Sales") == []


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("erp", True),
        ("ERPCLIENT.exe", True),
        ("contoso erp", True),
        ("erpclient.exe contoso", True),
        ("programfiles", True),
        ("aaaaaaaa", True),
        ("client", False),
        ("contoso other", False),
        ("%%%", False),
        ("a' | b:* & !c", False),
    ],
)
def test_text_is_matched_by_whole_words_and_their_starts(
    owner: User, sales: Group, text: str, finds: bool
) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    found = InboxFilter({"q": text}, user=owner, now=NOW)
    assert found.qs.exists() is finds


@pytest.mark.parametrize("query", ["q=" + "x" * 10_000, "q=a%00b", "group=Nowhere", "level=abc"])
def test_it_rejects_what_it_cannot_ask(owner: User, sales: Group, query: str) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    found = InboxFilter(QueryDict(query), user=owner, now=NOW)
    assert found.form.errors
    assert not found.qs.exists()


def test_event_type_level_class_and_application_type(owner: User, sales: Group) -> None:
    make_seen("risk.exe", "a", (sales,), sighting={"security_occurrences": 2, "level_min": 40})
    make_seen(
        "remote.exe",
        "b",
        (sales,),
        sighting={"level_min": 10, "level_max": 30},
        summary={"risk_class": "commercial_application", "application_type": "Commercial"},
    )
    assert names(owner, "event_type=security_risk") == ["risk.exe"]
    assert names(owner, "level=20") == ["remote.exe"]
    assert names(owner, "risk_class=commercial_application") == ["remote.exe"]
    assert names(owner, "application_type=commercial") == ["remote.exe"]


def test_group_means_it_and_everything_below(owner: User, sales: Group) -> None:
    field, salesforce = make_group("My Company\\Sales\\Field"), make_group("My Company\\Salesforce")
    make_seen("a.exe", "a", (sales,))
    make_seen("b.exe", "b", (field,))
    make_seen("c.exe", "c", (salesforce,))
    assert names(owner, "group=my company\\sales\\") == ["a.exe", "b.exe"]
    other = make_group("My Company\\Sales", make_domain("Other"))
    make_seen("d.exe", "d", (other,))
    assert names(owner, "group=My Company\\Sales") == ["a.exe", "b.exe", "d.exe"]


def test_site_means_the_groups_of_its_logs(owner: User, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("a.exe", "a", (sales,))
    make_seen("b.exe", "b", (lab,))
    file = LogFile.objects.create(name="x", stored_as="x", sha256="0" * 64, size=1)
    told = LogImport.objects.create(
        site=make_site("North"), file=file, name="x", sha256="0" * 64, actor_name="x", means="web"
    )
    ImportGroup.objects.create(log_import=told, group=lab)
    assert names(owner, "site=north") == ["b.exe"]


def test_time_range(owner: User, sales: Group) -> None:
    day = timedelta(days=1)
    make_seen("new.exe", "a", (sales,))
    make_seen(
        "old.exe", "b", (sales,), sighting={"first_at": NOW - 40 * day, "last_at": NOW - 9 * day}
    )
    assert names(owner, "since=7") == ["new.exe"]
    assert names(owner, "since=14") == ["new.exe", "old.exe"]
    assert names(owner, f"seen_to={(NOW - 5 * day).date()}") == ["old.exe"]
    assert names(owner, f"seen_from={(NOW - day).date()}") == ["new.exe"]


def test_since_the_last_setting_change_counts_from_each_groups_own_plan(
    owner: User, sales: Group
) -> None:
    lab = make_group("My Company\\Lab")
    assert names(owner, "since=change") == []
    policy = ScanPolicy.objects.create(name="AV Sales")
    ScanPolicyUse.objects.create(scan_policy=policy, group=sales)
    plan = RampPlan.objects.create(
        scan_policy=policy, track="trojans", start_on=date(2026, 1, 1), days=75
    )
    RampEvent.objects.create(
        plan=plan,
        kind="confirmed",
        level="20",
        at=NOW - timedelta(days=3),
        actor_name="x",
        means="web",
    )
    make_seen("new.exe", "a", (sales,))
    make_seen("before.exe", "b", (sales,), sighting={"last_at": NOW - timedelta(days=4)})
    make_seen("elsewhere.exe", "c", (lab,))
    assert names(owner, "since=change") == ["new.exe"]


@pytest.mark.parametrize(
    "sort", ["last", "first", "detections", "computers", "groups", "name", "company"]
)
def test_pages_hold_every_row_once_in_any_order(owner: User, sales: Group, sort: str) -> None:
    """Equal sort keys included: most rows share theirs here."""
    for n in range(120):
        process = make_seen(f"tool{n % 7}.exe", "a", (sales,), hash=f"{n:02x}" * 32)
        ProcessSummary.objects.filter(pk=process.pk).update(computers=n % 3)
    data = QueryDict(f"sort={sort}")
    seen: list[int] = []
    after, pages = "", 0
    while True:
        page = page_of(InboxFilter(data, user=owner, now=NOW), after)
        seen += [row.process.pk for row in page.rows]
        pages += 1
        if not page.older:
            break
        after = page.older
    assert pages == 3
    assert len(seen) == len(set(seen)) == 120
    back = page_of(InboxFilter(data, user=owner, now=NOW), before=page.newer)
    assert [row.process.pk for row in back.rows] == seen[50:100]


def test_a_broken_cursor_is_the_first_page(owner: User, sales: Group) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    for text in ("x", "W10", "WzEsMl0", "é", "bnVsbA"):
        assert len(page_of(InboxFilter(QueryDict(), user=owner, now=NOW), text).rows) == 1


def test_counts_are_those_of_ones_own_groups(owner: User, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("erp.exe", "a", (sales, lab), sighting={"occurrences": 10})
    mine = InboxFilter(QueryDict(), user=make_user("member", "viewer", sales), now=NOW)
    row = page_of(mine).rows[0]
    assert (row.detections, row.groups, row.computers) == (10, 1, 0)
    whole = page_of(InboxFilter(QueryDict(), user=owner, now=NOW)).rows[0]
    assert whole.groups == 2
