from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.make import SYSTEM, make_group, make_process, make_user
from tests.truscan.ramp.plans import SALES
from truscan.models.counts import DailyCount
from truscan.models.detection import Action as ClientAction
from truscan.models.ramp import RampPlan, ScanPolicy
from truscan.ramp.actions import confirm_level, end, hold
from truscan.ramp.create import create_plan

pytestmark = pytest.mark.django_db


def make_current(**fields: Any) -> RampPlan:
    """A plan whose first level is due today, whatever the day of the test is."""
    now = timezone.now()
    wanted: dict[str, Any] = {
        "actor": SYSTEM,
        "scan_policy": "AV Sales",
        "track": "trojans",
        "uses": [(make_group(SALES, client_count=1310), None)],
        "start_on": now.date(),
        "days": 90,
        "now": now - timedelta(days=1),
    }
    return create_plan(**{**wanted, **fields})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def approver() -> User:
    return make_user("anna", "approver", make_group("My Company"))


def test_an_empty_list_says_what_to_do_first(approver: User) -> None:
    r = signed_in(approver).get("/ramp/")
    assert b"No ramp plan yet" in r.content
    assert b"Plan the first one" in r.content


def test_it_lists_plans_with_their_next_step(approver: User) -> None:
    make_current()
    r = signed_in(approver).get("/ramp/")
    assert b"AV Sales" in r.content
    assert b"level 10 on" in r.content
    assert b"today" in r.content


def test_plans_that_run_come_before_those_that_ended(approver: User) -> None:
    old = make_current()
    end(actor=SYSTEM, plan=old, reason="again from the start", now=timezone.now())
    new = make_current()
    page = signed_in(approver).get("/ramp/").content.decode()
    assert page.index(f"/ramp/{new.pk}/") < page.index(f"/ramp/{old.pk}/")


def test_the_list_asks_a_fixed_number_of_queries(
    approver: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        group = make_group(f"My Company\\G{number}")
        make_current(scan_policy=f"AV {number}", uses=[(group, None)])
    client = signed_in(approver)
    client.get("/ramp/")
    with django_assert_max_num_queries(22):
        client.get("/ramp/")


def test_the_page_shows_stairs_table_clicks_and_acts(approver: User) -> None:
    plan = make_current()
    r = signed_in(approver).get(f"/ramp/{plan.pk}/")
    page = r.content.decode()
    assert "1,310 clients" in page
    assert 'class="plan" d="M' in page
    assert page.count('<th scope="row">Level') == 10
    assert "Set the sensitivity to 10" in page
    assert "Confirm level 10" in page
    assert "Level 10, due today" in page
    assert "style=" not in page.split("<main")[1]


def test_the_page_stacks_detections_of_groups_that_may_be_seen(approver: User) -> None:
    plan = make_current()
    process, action = make_process(), ClientAction.objects.create(name="Log", name_key="log")
    for path, event_type, n in ((SALES, 1, 12), (SALES, 2, 3), ("My Company\\Lab", 1, 99)):
        DailyCount.objects.create(
            day=plan.start_on,
            group=make_group(path),
            process=process,
            event_type=event_type,
            action=action,
            rows=1,
            occurrences=n,
        )
    page = signed_in(approver).get(f"/ramp/{plan.pk}/").content.decode()
    assert page.count('<rect class="s3" x="58') == 1
    assert '<td class="num">12</td><td class="num">3</td>' in page
    assert "99" not in page.split("Detections a day as table")[1].split("</details>")[0]


def test_a_sub_group_that_inherits_is_counted_and_one_with_its_own_policy_is_not(
    approver: User,
) -> None:
    plan = make_current()
    laptops, kiosks = make_group(SALES + "\\Laptops"), make_group(SALES + "\\Kiosks")
    make_current(scan_policy="AV Kiosks", uses=[(kiosks, None)])
    process, action = make_process(), ClientAction.objects.create(name="Log", name_key="log")
    for group, n in ((laptops, 41), (kiosks, 77)):
        DailyCount.objects.create(
            day=plan.start_on,
            group=group,
            process=process,
            event_type=1,
            action=action,
            rows=1,
            occurrences=n,
        )
    page = signed_in(approver).get(f"/ramp/{plan.pk}/").content.decode()
    assert '<td class="num">41</td>' in page
    assert '<td class="num">77</td>' not in page


def test_an_approver_confirms_and_reads_what_is_next(approver: User) -> None:
    plan = make_current()
    client = signed_in(approver)
    r = client.post(f"/ramp/{plan.pk}/act/", {"action": "confirm", "level": "10"}, follow=True)
    assert "The plan is running, level 10 is in force. Next: level 20 on" in r.content.decode()
    again = client.post(f"/ramp/{plan.pk}/act/", {"action": "confirm", "level": "10"}, follow=True)
    assert again.status_code == 200
    assert plan.events.filter(kind="confirmed").count() == 1


def test_an_act_that_is_refused_says_why(approver: User) -> None:
    plan = make_current()
    r = signed_in(approver).post(f"/ramp/{plan.pk}/act/", {"action": "hold"}, follow=True)
    assert "Say why the plan is held." in r.content.decode()
    assert plan.events.count() == 1


def test_a_held_plan_says_why_it_is_held(approver: User) -> None:
    plan = make_current()
    hold(actor=SYSTEM, plan=plan, reason="change freeze", now=timezone.now())
    page = signed_in(approver).get(f"/ramp/{plan.pk}/").content.decode()
    assert "Held since" in page
    assert ": change freeze" in page
    assert "The plan is held: resume it first." in page


def test_a_reason_is_shown_as_text(approver: User) -> None:
    plan = make_current()
    reason = "<script>alert(1)</script>"
    hold(actor=SYSTEM, plan=plan, reason=reason, now=timezone.now())
    assert reason.encode() not in signed_in(approver).get(f"/ramp/{plan.pk}/").content


def test_it_rejects_an_unknown_act(approver: User) -> None:
    plan = make_current()
    client = signed_in(approver)
    assert client.post(f"/ramp/{plan.pk}/act/", {"action": "delete"}).status_code == 404
    assert client.get(f"/ramp/{plan.pk}/act/").status_code == 405


def test_a_viewer_reads_and_does_not_act() -> None:
    plan = make_current()
    client = signed_in(make_user("vera", "viewer", make_group(SALES)))
    page = client.get(f"/ramp/{plan.pk}/").content.decode()
    assert "Only an approver of all groups" in page
    r = client.post(f"/ramp/{plan.pk}/act/", {"action": "confirm", "level": "10"})
    assert r.status_code == 403
    assert client.post(f"/ramp/{plan.pk}/calendar/").status_code == 403
    assert client.get("/ramp/new/").status_code == 404


def test_an_approver_of_one_group_of_two_reads_and_does_not_act() -> None:
    sales, lab = make_group(SALES), make_group("My Company\\Lab")
    plan = make_current(uses=[(sales, None), (lab, None)])
    client = signed_in(make_user("anna", "approver", sales))
    assert client.get(f"/ramp/{plan.pk}/").status_code == 200
    r = client.post(f"/ramp/{plan.pk}/act/", {"action": "confirm", "level": "10"})
    assert r.status_code == 403


def test_names_of_groups_out_of_scope_are_not_told() -> None:
    sales, lab = make_group(SALES), make_group("Secret\\Lab", client_count=77)
    plan = make_current(uses=[(sales, None), (lab, None)])
    client = signed_in(make_user("vera", "viewer", sales))
    for address in ("/ramp/", f"/ramp/{plan.pk}/"):
        page = client.get(address).content.decode()
        assert SALES in page
        assert "Secret" not in page
        assert "77 clients" not in page


def test_an_outsider_finds_no_plan() -> None:
    plan = make_current()
    client = signed_in(make_user("olaf", "approver", make_group("Other Company")))
    assert b"AV Sales" not in client.get("/ramp/").content
    assert client.get(f"/ramp/{plan.pk}/").status_code == 404
    r = client.post(f"/ramp/{plan.pk}/act/", {"action": "confirm", "level": "10"})
    assert r.status_code == 404
    assert client.post(f"/ramp/{plan.pk}/calendar/").status_code == 404


def wanted(**fields: Any) -> dict[str, Any]:
    return {
        "scan_policy": "AV Sales",
        "track": "trojans",
        "action": "quarantine",
        "groups": [str(make_group(SALES).pk)],
        "start_on": timezone.now().date().isoformat(),
        "days": "75",
        "zone": "Europe/Berlin",
        **fields,
    }


def test_a_plan_is_made_on_the_page(approver: User) -> None:
    r = signed_in(approver).post("/ramp/new/", wanted(), follow=True)
    plan = RampPlan.objects.get()
    assert r.redirect_chain == [(f"/ramp/{plan.pk}/", 302)]
    assert (plan.days, plan.timezone) == (75, "Europe/Berlin")


def test_the_dates_are_shown_before_anything_is_stored(approver: User) -> None:
    r = signed_in(approver).post("/ramp/new/", wanted(preview="1"))
    assert b"nothing stored yet" in r.content
    assert not RampPlan.objects.exists()


def test_a_group_can_be_typed(approver: User) -> None:
    data = wanted(groups=[], more_groups="my company\\SALES\\")
    signed_in(approver).post("/ramp/new/", data)
    assert RampPlan.objects.get().scan_policy.uses.get().group.path == SALES


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"days": "30"}, "guide says 60 to 90"),
        ({"zone": "Mars"}, "Europe/Berlin"),
        ({"groups": []}, "at least one group"),
        ({"groups": [], "more_groups": "No\\Such"}, "No group"),
        ({"location": "Moon"}, "no location"),
        ({"start_on": "1970-01-01"}, "check the year"),
        ({"start_on": "tomorrow"}, "valid date"),
        ({"scan_policy": ""}, "required"),
    ],
)
def test_it_rejects_a_plan_that_cannot_be(approver: User, fields: dict[str, Any], why: str) -> None:
    r = signed_in(approver).post("/ramp/new/", wanted(**fields))
    assert r.status_code == 200
    assert why in r.content.decode()
    assert not RampPlan.objects.exists()
    assert not ScanPolicy.objects.exists()


def test_it_rejects_a_scan_policy_of_groups_of_others(approver: User) -> None:
    make_current(scan_policy="AV Theirs", uses=[(make_group("Other Company"), None)])
    r = signed_in(approver).post("/ramp/new/", wanted(scan_policy="AV Theirs"))
    assert b"not an approver" in r.content
    assert RampPlan.objects.count() == 1


def test_the_calendar_opens_by_its_secret_alone(approver: User) -> None:
    plan = make_current()
    page = signed_in(approver).post(f"/ramp/{plan.pk}/calendar/").content.decode()
    address = "/calendar/ramp/" + page.split("/calendar/ramp/")[1].split("<")[0]
    r = Client().get(address)
    assert r.status_code == 200
    assert r["Content-Type"].startswith("text/calendar")
    assert r.content.count(b"BEGIN:VEVENT") == 10
    plan.refresh_from_db()
    assert plan.calendar_digest not in address
    signed_in(approver).post(f"/ramp/{plan.pk}/calendar/")
    assert Client().get(address).status_code == 404


def test_pages_live_through_every_phase(approver: User) -> None:
    plan, client = make_current(), signed_in(approver)
    for step in plan.steps.all():
        now = timezone.now()
        confirm_level(actor=SYSTEM, plan=plan, level=step.level, now=now, reason="rehearsal")
        assert client.get(f"/ramp/{plan.pk}/").status_code == 200
    assert b"Finished" in client.get(f"/ramp/{plan.pk}/").content
    client.post(f"/ramp/{plan.pk}/act/", {"action": "end", "reason": "all done"})
    assert b"Ended" in client.get(f"/ramp/{plan.pk}/").content
    assert b"ended" in client.get("/ramp/").content
