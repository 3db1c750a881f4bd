from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.make import SYSTEM, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import START, at, make_stored
from truscan.audit import verify
from truscan.models.audit import AuditEvent
from truscan.models.counts import FOREVER
from truscan.models.estate import Group
from truscan.models.ramp import RampPlan
from truscan.ramp.cohort_plans import Rollout, accept, measured, proposal
from truscan.ramp.cohorts import Readiness, digest_of, propose
from truscan.ramp.errors import NotAllowed, PlanRefused

NOW = at(30)
SHARES = st.floats(0, 1) | st.none()
GROUPS = st.lists(
    st.builds(
        Readiness,
        group_id=st.integers(1, 10**6),
        path=st.text(max_size=8),
        clients=st.integers(0, 500) | st.none(),
        open_processes=st.integers(0, 50) | st.none(),
        covered=SHARES,
        stability=SHARES,
    ),
    max_size=40,
    unique_by=lambda group: group.group_id,
)


@settings(max_examples=cases(200), deadline=None)
@given(GROUPS, st.integers(2, 6))
def test_every_group_is_in_one_cohort_and_what_is_not_known_waits(
    groups: list[Readiness], count: int
) -> None:
    cohorts = propose(groups, count)
    told = [group for cohort in cohorts for group in cohort.groups]
    assert sorted(g.group_id for g in told) == sorted(g.group_id for g in groups)
    assert len(cohorts) <= count
    assert all(cohort.groups for cohort in cohorts)
    for cohort in cohorts[:-1]:
        assert not any(group.missing for group in cohort.groups)
    assert digest_of(propose(groups[::-1], count)) == digest_of(cohorts)


@settings(max_examples=cases(100), deadline=None)
@given(GROUPS)
def test_a_group_that_is_better_in_all_never_comes_later(groups: list[Readiness]) -> None:
    best = Readiness(0, "", 10, 0, 1.0, 1.0)
    assert propose([*groups, best], 2)[0].groups[0] == best


def test_cohorts_double() -> None:
    groups = [Readiness(n, f"g{n:02}", 10, n, 0.5, 0.5) for n in range(14)]
    assert [len(cohort.groups) for cohort in propose(groups, 3)] == [2, 4, 8]
    assert [len(cohort.groups) for cohort in propose(groups[:1], 3)] == [1]
    with pytest.raises(ValueError, match="2 to 6 cohorts, not 7"):
        propose(groups, 7)


def estate() -> list[Group]:
    """Lab is ready, Office half, Plant not; nobody knows how many clients Annex has; Kiosks has a
    scan policy."""
    lab, office, plant, annex = (
        make_group(f"My Company\\{name}", client_count=count)
        for name, count in (("Lab", 10), ("Office", 10), ("Plant", 10), ("Annex", None))
    )
    make_stored(make_group("My Company\\Kiosks", client_count=5), scan_policy="AV Kiosks")
    known, new = make_process("known.exe", "a"), make_process("new.exe", "b")
    old, week = {"first_at": at(1), "last_at": at(29)}, {"first_at": at(28), "last_at": at(29)}
    for group in (lab, office, plant, annex):
        until = {"covered_until": FOREVER} if group in (lab, office) else {}
        make_sighting(known, group, **old, **until)
    make_sighting(new, office, **week)
    make_sighting(new, plant, **week)
    return [lab, office, plant, annex]


@pytest.mark.django_db
def test_groups_are_measured_ordered_and_planned() -> None:
    estate()
    found = {group.path.rpartition("\\")[2]: group for group in measured(None, NOW)}
    assert sorted(found) == ["Annex", "Lab", "Office", "Plant"]
    office = found["Office"]
    assert (office.open_per_client, office.covered, office.stability) == (0.1, 0.5, 0.5)
    cohorts = proposal(None, 3, NOW)
    names = [[g.path.rpartition("\\")[2] for g in cohort.groups] for cohort in cohorts]
    assert names == [["Lab"], ["Office"], ["Plant", "Annex"]]
    assert "clients is unknown" in cohorts[2].groups[1].missing
    rollout = Rollout("AV wave", "trojans", START + timedelta(days=40), 75, gap=10)
    given: dict[str, Any] = {"actor": SYSTEM, "user": None, "count": 3, "now": NOW}
    with pytest.raises(NotAllowed, match="look at the proposal again"):
        accept(digest="0" * 16, rollout=rollout, **given)
    with pytest.raises(PlanRefused, match="0 to 90 days"):
        accept(digest=digest_of(cohorts), rollout=Rollout("AV", "trojans", START, 75, 91), **given)
    plans = accept(digest=digest_of(cohorts), rollout=rollout, **given)
    assert [str(plan.scan_policy) for plan in plans] == ["AV wave 1", "AV wave 2", "AV wave 3"]
    assert [(plan.start_on - START).days for plan in plans] == [40, 50, 60]
    assert [plan.scan_policy.uses.count() for plan in plans] == [1, 1, 2]
    facts = AuditEvent.objects.filter(code="ramp.cohort_accepted")
    assert facts.count() == 3
    assert verify()[2] == []
    with pytest.raises(NotAllowed, match="No group is left"):
        accept(digest=digest_of(cohorts), rollout=rollout, **given)


@pytest.mark.django_db
def test_page_api_and_command_do_the_same(time_machine: Any, capsys: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    lab, *_ = estate()
    user, client = make_user("anna", "approver"), Client()
    client.force_login(user)
    page = client.get("/ramp/cohorts/?count=2").content.decode()
    told = Caller(user).get("ramp-plans/cohorts/?count=2").json()
    assert told["digest"] in page
    call_command("ramp_cohorts", "--count", "2", "--json")
    assert json.loads(capsys.readouterr().out) == told
    assert Caller(user).get("ramp-plans/cohorts/?count=9").status_code == 400
    body = {"count": 2, "digest": "0" * 16, "name": "AV", "track": "trojans",
            "start_on": "2026-05-01"}  # fmt: skip
    assert Caller(user).post("ramp-plans/cohorts/", body).status_code == 409
    with pytest.raises(CommandError, match="look at the proposal again"):
        call_command("ramp_cohorts", "--accept", "0", "--start", "2026-05-01")
    wanted = {**body, "digest": told["digest"], "gap": "14", "days": "75", "zone": "UTC"}
    r = client.post("/ramp/cohorts/", {**wanted, "digest": "0"})
    assert "look at the proposal again" in r.content.decode()
    assert client.post("/ramp/cohorts/", wanted).status_code == 302
    assert RampPlan.objects.filter(scan_policy__name__startswith="AV ").count() == 3
    # Of one group only: the others are neither named nor measured.
    other = Caller(make_user("bert", "approver", lab)).get("ramp-plans/cohorts/")
    assert other.json()["cohorts"] == []
    assert "No group is left to order" in client.get("/ramp/cohorts/").content.decode()
