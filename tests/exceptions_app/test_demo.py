from __future__ import annotations

import gzip
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from exceptions_app.demo import IGNORED, POLICY, QUARANTINED, UNPUBLISHED, Demo, load_demo
from exceptions_app.demo_removal import remove_domain
from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.publish import pending
from tests.make import SYSTEM, make_group, make_process, make_sighting
from truscan import audit
from truscan.fleet.demo import DAYS_SO_FAR, HELD_BECAUSE, Size, levels_by_day, log_bytes
from truscan.fleet.names import DEMO_DOMAIN
from truscan.models.counts import DailyCount, ProcessSummary, Sighting
from truscan.models.detection import Detection
from truscan.models.estate import Computer, Domain, Group, Location, Site
from truscan.models.log_import import LogImport
from truscan.models.process import Process
from truscan.models.ramp import RampEvent
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import Phase

if TYPE_CHECKING:
    from datetime import datetime

SMALL = Size(rows=2400, groups=12, computers=80, processes=260)

pytestmark = pytest.mark.django_db


def load(now: datetime | None = None) -> Demo:
    return load_demo(actor=SYSTEM, now=now or timezone.now(), size=SMALL)


def test_it_shows_an_estate_half_way_and_a_second_start_changes_nothing() -> None:
    now = timezone.now()
    demo = load(now)
    assert (demo.log_import.state, demo.log_import.rejected) == ("done", 0)
    assert demo.log_import.read == demo.log_import.inserted == 2400
    assert Group.objects.filter(domain__name=DEMO_DOMAIN).exclude(path="").count() == 12
    assert {loc.name for loc in Location.objects.all()} == {"Office", "VPN", "Outside"}
    assert Detection.objects.latest("event_at").event_at < now

    state = state_of(demo.plan, now)
    assert (state.phase, state.level_in_force) == (Phase.RUNNING, "50")
    assert state.days_overdue == 0
    others = {name: state_of(plan, now) for name, plan in demo.others.items()}
    assert {name: state.phase.value for name, state in others.items()} == {
        "finished": "finished", "held": "held", "planned": "planned",
    }  # fmt: skip
    assert others["held"].level_in_force == "50"
    assert RampEvent.objects.get(plan=demo.others["held"], kind="held").reason == HELD_BECAUSE

    published = demo.revision.entries.all()
    responses = [entry.response for entry in published]
    assert responses.count("ignore") <= IGNORED
    assert 0 < responses.count("quarantine") <= QUARANTINED
    assert 0 < len(pending(Policy.objects.get(name=POLICY), now)) <= UNPUBLISHED
    # The rest of the work is still there.
    assert Sighting.objects.filter(covered_until__lt=now, candidate_occurrences__gt=0).exists()

    before = (LogImport.objects.count(), Decision.objects.count(), audit.head())
    load(now + timedelta(days=3))
    assert (LogImport.objects.count(), Decision.objects.count(), audit.head()) == before


def test_removing_it_leaves_nothing_but_the_ledger_and_it_can_be_loaded_again() -> None:
    kept = make_process("kept.exe")
    make_sighting(kept, make_group("My Company"))
    load()
    counts = remove_domain(actor=SYSTEM)
    assert counts["detection"] == 2400
    assert list(Process.objects.all()) == [kept]
    assert [domain.name for domain in Domain.objects.all()] == ["Default"]
    for model in (
        Detection, DailyCount, ProcessSummary, Computer, LogImport, Site, Policy, Revision,
        RampEvent, Decision, Location,
    ):  # fmt: skip
        assert not model._default_manager.exists(), model
    assert audit.verify()[2] == []
    assert load().log_import.inserted == 2400


def test_the_log_is_the_same_on_the_same_day() -> None:
    day = date(2026, 1, 5)
    first = log_bytes(SMALL.fleet(), day, 500)
    assert first == log_bytes(SMALL.fleet(), day, 500)
    assert gzip.decompress(first).count(b"\n") == 500


def test_levels_rise_on_the_day_after_they_were_set() -> None:
    levels = levels_by_day(date(2026, 1, 5))
    assert len(levels) == DAYS_SO_FAR
    assert levels[:10] == [10] * 9 + [20]
    assert sorted(set(levels)) == [10, 20, 30, 40, 50]
