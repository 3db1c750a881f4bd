from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.make import (
    SYSTEM,
    make_computer,
    make_group,
    make_process,
    make_sighting,
    make_user,
)
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, START, at, climb, make_stored
from tests.truscan.ramp.test_evidence_gates import count
from truscan import coverage
from truscan.models.estate import Account, Location
from truscan.models.presence import ComputerDay
from truscan.models.ramp import RampPlan
from truscan.models.rolled import CountedDay
from truscan.ramp import evidence, known_days
from truscan.ramp.actions import confirm_level, end
from truscan.ramp.compared import compared_of, compared_outline
from truscan.ramp.history import stays_of
from truscan.ramp.rows import with_rows
from truscan.ramp.scan_settings import record_setting
from truscan.ramp.where import scopes_of

pytestmark = pytest.mark.django_db


def read(plan: RampPlan) -> RampPlan:
    return with_rows(RampPlan.objects.filter(pk=plan.pk)).get()


def test_days_are_counted_as_the_levels_are(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    sales = make_group(SALES, client_count=4)
    laptops = make_group(SALES + "\\Laptops")
    vpn = Location.objects.create(group=sales, name="VPN", name_key="vpn")
    plan = climb(make_stored(sales), 3)  # 10 on day 0, 20 on day 10, 30 on day 20
    make_stored(scan_policy="AV VPN", uses=[(sales, vpn)])
    keys = make_stored(sales, track="keyloggers", start_on=START + timedelta(days=4))
    confirm_level(actor=SYSTEM, plan=keys, level="low", now=at(4))
    record_setting(actor=SYSTEM, policy=plan.scan_policy, setting="notifications", value="off",
                   now=at(10))  # fmt: skip
    erp, bad = make_process("erp.exe", "a"), make_process("bad.exe", "b")
    make_sighting(erp, sales, first_at=at(1))
    make_sighting(bad, laptops, first_at=at(12), security_occurrences=3)
    monkeypatch.setattr(
        coverage.registered(), "ignored_in", lambda groups, now: [(sales.pk, erp.pk)]
    )
    for number in (1, 5, 11, 12, 21):
        count(erp, sales, number, 60)
        count(erp, sales, number, 999, location=vpn)  # follows another policy
        count(erp, sales, number, 999, event_type=4)  # comes from an exception
        count(erp, sales, number, 999, sensitivity=100)  # the log tells another level
        count(bad, laptops, number, 6, event_type=2)
    count(erp, sales, 20, 999)  # the day of a change
    pc, user = (
        make_computer("pc-1", sales),
        Account.objects.create(domain=sales.domain, name="anna", name_key="anna"),
    )
    ComputerDay.objects.create(day=START + timedelta(days=11), group=sales, computer=pc,
                               account=user, rows=1, occurrences=8)  # fmt: skip
    with django_assert_max_num_queries(20):
        found = compared_of(read(plan), at(25))
    stays = stays_of(read(plan), at(25))
    for mine, stay in zip(found.levels, stays, strict=True):
        assert stay.brought
        assert (mine.level, mine.sums.first, mine.sums.last) == (
            stay.level, stay.first_on, stay.last_on,
        )  # fmt: skip
        assert (mine.sums.reported, mine.sums.whole) == (stay.brought.days, stay.brought.whole)
    first, track, twenty, thirty = found.comparisons
    assert [c.kind.value for c in twenty.changes] == ["level", "setting"]
    assert track.changes[0].title == "Keyloggers: Low"
    assert first.changes[0].title == "Level 10, the first"
    assert first.why_not == "Not known: no report of these groups from the days before it."
    assert twenty.before
    assert twenty.after
    # The other track's level on day 4 does not cut it.
    assert (twenty.before.first, twenty.before.reported) == (START + timedelta(days=1), 2)
    assert track.after
    assert track.after.last == START + timedelta(days=9)
    assert twenty.caution.startswith("Less than a week")
    assert (twenty.after.potential, twenty.after.ratio, twenty.after.covered) == (120, 10, 1)
    assert (twenty.after.per_client, twenty.after.per_user, twenty.after.new) == (8, 8, 1)
    assert thirty.ratio_times == 1
    # The third level has six security risks only: shown and not counted.
    assert (found.constancy.levels, found.constancy.left_out) == (2, 1)
    told = compared_outline(found)
    assert told["changes"][0]["before"]["potential"] is None
    assert [g["group"] for g in told["levels"][0]["groups"]] == [SALES, laptops.path]
    # Who sees only the laptops gets their numbers.
    part = compared_of(read(plan), at(25), {laptops.pk})
    assert [group.pk for group in part.groups.values()] == [laptops.pk]
    assert part.levels[1].sums.potential == 0


def test_an_earlier_plan_of_the_track_moved_the_same_level() -> None:
    early = climb(make_stored(make_group(SALES)), 2)
    end(actor=SYSTEM, plan=early, reason="anew", now=at(11))
    plan = make_stored(early.scan_policy.uses.get().group, start_on=START + timedelta(days=12),
                       now=at(11))  # fmt: skip
    confirm_level(actor=SYSTEM, plan=plan, level="10", now=at(12), reason="anew")
    titles = [one.changes[0].title for one in compared_of(read(plan), at(20)).comparisons]
    assert titles == [
        "Level 10, the first (another plan)", "Level 10 to level 20 (another plan)",
        "Level 10, the first",
    ]  # fmt: skip


def test_many_days_are_read_once_until_a_row_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_days, "MANY", 0)
    sales = make_group(SALES)
    plan = climb(make_stored(sales), 1)
    process = make_process()
    count(process, sales, 1, 5)
    assert compared_of(read(plan), at(9)).levels[0].sums.potential == 5
    count(process, sales, 2, 5)
    # No import says that it wrote on that day, so the first answer stands.
    assert compared_of(read(plan), at(9)).levels[0].sums.potential == 5
    CountedDay.objects.create(day=START + timedelta(days=2))
    assert compared_of(read(plan), at(9)).levels[0].sums.potential == 10


def test_days_of_many_groups_are_read_again_where_an_import_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "MANY", 0)
    sales = make_group(SALES)
    scopes = scopes_of({make_stored(sales).scan_policy_id})
    process, day = make_process(), START + timedelta(days=2)

    def told() -> list[int]:
        return [d.potential for d in evidence.detections_by_day(scopes, START, day)]

    count(process, sales, 1, 5)
    assert told() == [5]
    count(make_process("late.exe", "b"), sales, 1, 7)
    count(process, sales, 2, 5)
    assert told() == [5], "no import said that it counted"
    CountedDay.objects.create(day=day)
    assert told() == [5, 5]
    CountedDay.objects.create(day=START + timedelta(days=1))
    assert told() == [12, 5]


def test_a_long_answer_is_fetched_by_the_page_and_remembered(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """Without JavaScript a link waits for it; nobody is told a number that was not read."""
    monkeypatch.setattr(known_days, "MANY", 0)
    sales = make_group(SALES)
    plan = climb(make_stored(sales), 1)
    count(make_process(), sales, 1, 5)
    client.force_login(make_user("viewer", "viewer", sales))
    address = f"/ramp/{plan.pk}/changes/"
    first = client.get(address + "?show=ratio").text
    assert f'hx-get="{address}?show=ratio"' in first
    assert "Level 10, the first" in first
    assert "Before and after each change" not in first
    waited = client.get(address + "?whole=yes").text
    assert "Before and after each change" in waited
    assert "Before and after each change" in client.get(address).text, "remembered"
    cache.clear()
    part = client.get(address, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="cards" id="changes">')
    assert "HX-Request" in part.headers["Vary"]
    assert "Before and after each change" in part.text
    assert client.get(address).text.count("hx-get") == 0


def test_page_api_and_command_tell_the_same(capsys: Any) -> None:
    now = timezone.now()
    today = now.date()
    sales = make_group("My <b>Company\\Sales")
    plan = make_stored(sales, start_on=today - timedelta(days=20), now=now - timedelta(days=21))
    noon = datetime.combine(today, time(12), UTC) - timedelta(days=20)
    client = Client()
    client.force_login(make_user("viewer", "viewer", sales))
    address = f"/ramp/{plan.pk}/changes/"
    assert "No change yet" in client.get(address).content.decode()
    confirm_level(actor=SYSTEM, plan=plan, level="10", now=noon)
    process = make_process()
    for back in (30, 12, 11):
        count(process, sales, (today - START).days - back, 7)
    for show in ("", "?show=ratio", "?show=per-client", "?show=covered", "?show=<script>"):
        r = client.get(address + show)
        assert r.status_code == 200
    page = r.content.decode()
    assert "Counted are the groups that you may see." in page
    assert "My &lt;b&gt;Company" in page
    assert "<script>alert" not in page
    assert "2 of 14" in page
    assert 'fill="url(#heat-unknown)"' not in page
    caller = Caller(make_user("outsider", "viewer", make_group("Elsewhere")))
    assert caller.get(f"ramp-plans/{plan.pk}/changes/").status_code == 404
    told = Caller(make_user("owner", "administrator")).get(f"ramp-plans/{plan.pk}/changes/").json()
    assert told["changes"][0]["after"]["potential"] == 14
    call_command("ramp_changes", "--scan-policy", "AV Sales", "--json")
    again = json.loads(capsys.readouterr().out)
    assert again["changes"] == told["changes"]
    call_command("ramp_changes", "--scan-policy", "AV Sales")
    assert "2 of 14 days with reports: 7.0 possibly legitimate" in capsys.readouterr().out
