"""The rows behind every gate add up to what the gate says."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client

from exceptions_app.triage.inbox import InboxFilter
from tests.make import make_computer, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, START, at, climb, make_stored
from tests.truscan.ramp.test_evidence_gates import NOW, count
from truscan import coverage
from truscan.models.counts import FOREVER
from truscan.models.detection import Action
from truscan.models.estate import Account
from truscan.models.presence import ComputerDay
from truscan.models.ramp import RampGateNote
from truscan.ramp.behind import rows_behind
from truscan.ramp.calendar import plan_by_secret
from truscan.ramp.gate_notes import judge_with_trend, note_gates
from truscan.ramp.judge import judge
from truscan.ramp.query_told import told
from truscan.ramp.thresholds import Key, Unit
from truscan.ramp.trend import Note, trend_of

if TYPE_CHECKING:
    from truscan.models.ramp import RampPlan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> RampPlan:
    """Two groups with everything that gates count, and some that they do not."""
    sales = make_group(SALES, client_count=4)
    laptops = make_group(SALES + "\\Laptops", client_count=2)
    plan = climb(make_stored(sales), 2)
    erp, tool, worm, own = (make_process(f"{digit}.exe", digit) for digit in "abcd")
    pairs = [(sales.pk, erp.pk)]
    monkeypatch.setattr(coverage.registered(), "ignored_in", lambda groups, now: pairs)
    stopped = Action.objects.create(name="Quarantined", name_key="quarantined")
    count(erp, sales, 13, 6)
    count(erp, laptops, 14, 3)
    count(erp, sales, 17, 5, event_type=2)
    count(erp, sales, 16, 4, event_type=2, action=stopped)
    count(tool, sales, 15, 1)
    count(worm, laptops, 16, 50, sensitivity=10)
    for name, heard in (("pc1", 17), ("pc2", 11), ("pc3", 9)):
        make_computer(name, sales, last_heard_at=at(heard))
    make_sighting(tool, sales, first_at=at(15))
    make_sighting(tool, laptops, first_at=at(16))
    make_sighting(worm, laptops, first_at=at(14))
    make_sighting(erp, sales, covered_until=FOREVER)
    type(own).objects.filter(pk=own.pk).update(on_symantec_list=True)
    make_sighting(own, sales)
    account = Account.objects.create(domain=sales.domain, name="u", name_key="u")
    for day in (16, 17):
        ComputerDay.objects.create(
            day=START + timedelta(days=day), group=sales, account=account,
            computer=make_computer(f"l{day}", laptops), rows=1, occurrences=day,
        )  # fmt: skip
    return plan


def test_rows_and_numbers_agree(plan: RampPlan) -> None:
    (judged,) = judge([plan], NOW)
    facts, behind = judged.facts, {key: rows_behind(plan, key, NOW) for key in Key}
    assert facts is not None
    assert facts.seen is not None
    assert (behind[Key.OPEN].total, behind[Key.WAITING].total) == (2, 2)
    assert facts.open_processes == 2
    assert behind[Key.WAITING].lines[0].number == facts.oldest_open_at == at(14)
    assert behind[Key.HEARD].counted == facts.heard == 2
    assert behind[Key.FRESH].lines[0].number == facts.newest_at
    assert behind[Key.DAYS].total == 5
    covered = behind[Key.COVERED]
    assert (covered.sum_counted, covered.sum_all) == (facts.potential_ignored, facts.potential)
    assert [line.what for line in covered.lines] == ["a.exe", "b.exe"]
    assert behind[Key.LEGITIMATE].counted == facts.legitimate_as_risk == 1
    assert behind[Key.FALSE_QUARANTINES].sum_counted == facts.false_quarantines == 4
    assert behind[Key.UNSEEN].total == facts.seen.once == 1
    assert [line.number for line in behind[Key.LOAD].lines] == [17, 16]
    assert behind[Key.CONTENT].lines == []
    for found in behind.values():
        assert found.query is not None
        named = set(re.findall(r"(?<!:):(\w+)", found.query.sql))
        assert named == {name for name, _ in found.query.values}


def test_a_query_is_told_with_the_values_it_names() -> None:
    sql = "SELECT 1\n\n  FROM t WHERE a %% 10 = %(a)s AND b = ANY(%(b)s::int[]) AND a <> %(a)s"
    found = told(sql, {"b": list(range(9)), "a": date(2026, 3, 2), "c": "secret"})
    assert found.sql == "SELECT 1\n  FROM t WHERE a % 10 = :a AND b = ANY(:b::int[]) AND a <> :a"
    assert found.values == [("a", "2026-03-02"), ("b", "9 values: 0, 1, 2, 3, 4, 5, …")]
    assert told("%(a)s", {"a": []}).values == [("a", "none")]


def test_the_inbox_shows_the_open_ones_of_a_plan(plan: RampPlan) -> None:
    owner, stranger = make_user("owner", "viewer"), make_user("olaf", "viewer", make_group("Lab"))
    for user, wanted in ((owner, ["b.exe", "c.exe"]), (stranger, [])):
        found = InboxFilter({"plan": str(plan.pk)}, user=user, now=NOW).sightings()
        open_ones = found.filter(process__on_symantec_list=False).order_by("process__name")
        assert list(open_ones.values_list("process__name", flat=True).distinct()) == wanted


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**70)])
def test_a_number_that_is_no_plan_finds_nothing(number: str) -> None:
    found = InboxFilter({"plan": number}, user=make_user("owner", "viewer"), now=NOW)
    assert not found.qs.exists()
    client = Client()
    client.force_login(make_user("anna", "viewer"))
    assert client.get("/detections/", {"plan": number}).status_code == 200


def test_page_api_and_command_show_them(plan: RampPlan, time_machine: Any, capsys: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    user, client = make_user("anna", "viewer", make_group(SALES)), Client()
    client.force_login(user)
    page = client.get(f"/ramp/{plan.pk}/").content.decode()
    for key in Key:
        address = f"/ramp/{plan.pk}/gates/{key}/"
        assert address in page
        assert client.get(address).status_code == 200
    page = client.get(f"/ramp/{plan.pk}/gates/open/").content.decode()
    assert f"/?plan={plan.pk}" in page
    assert "2 of 2 rows count" in page
    assert "WHERE t.covered_until &lt;= :now" in page
    assert client.get(f"/ramp/{plan.pk}/gates/nothing/").status_code == 404
    r = Caller(user).get(f"ramp-plans/{plan.pk}/behind/?gate=covered")
    assert (r.json()["sum_counted"], r.json()["sum_all"]) == (6, 10)
    assert "FROM by_process b JOIN truscan_process p" in r.json()["query"]
    assert r.json()["values"]["until"] == NOW.date().isoformat()
    call_command("ramp", "gates", "--scan-policy", "AV Sales", "--rows", "open")
    assert "Open processes: 2 of 2 rows count" in capsys.readouterr().out
    call_command("ramp", "calendar-link", "--scan-policy", "AV Sales")
    address = capsys.readouterr().out.strip()
    assert plan_by_secret(address.rpartition("/")[2].removesuffix(".ics")) == plan
    assert Caller(user).get(f"detections/?plan={plan.pk}").json()["results"] == []


def test_gates_are_noted_once_a_day_and_make_a_trend(plan: RampPlan) -> None:
    assert [note_gates(at(17)), note_gates(at(17, 13)), note_gates(NOW)] == [1, 0, 1]
    assert RampGateNote.objects.filter(plan=plan, gate="open").count() == 2
    judged = judge_with_trend(plan, NOW)
    trends = {reading.key: trend for reading, trend in judged.with_trends}
    assert trends[Key.OPEN].sentence == "Unchanged: 2 on 19 Mar, 2 now."
    assert trends[Key.CONTENT].sentence == "Not known on all of these days."


def test_a_trend_skips_days_that_are_not_known() -> None:
    notes = [Note(START, "10", 9), Note(START + timedelta(days=1), "10", None)]
    found = trend_of(notes, START + timedelta(days=2), 4, Unit.PROCESSES)
    assert found.sentence == "Falling: 9 on 2 Mar, 4 now."
    assert found.points == "2.0,2.0 78.0,18.0"
