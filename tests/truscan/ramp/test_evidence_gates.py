from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.make import make_computer, make_group, make_process, make_sighting
from tests.truscan.ramp.plans import SALES, START, at, climb, make_stored
from truscan import coverage
from truscan.models.counts import FOREVER, DailyCount
from truscan.models.detection import Action
from truscan.models.estate import Account, Group, Location
from truscan.models.presence import ComputerDay
from truscan.models.process import Process
from truscan.models.ramp import RampPlan
from truscan.ramp.evidence_gates import facts_of
from truscan.ramp.judge import judge
from truscan.ramp.rows import with_rows
from truscan.ramp.unseen import Seen, silent_days

pytestmark = pytest.mark.django_db

# Level 20 is set on day 10; the newest week then begins on day 12.
NOW = at(18)


def count(process: Process, group: Group, day: int, occurrences: int = 1, **fields: Any) -> None:
    action = Action.objects.get_or_create(name_key="left alone", defaults={"name": "Left alone"})[0]
    wanted = {"event_type": 1, "action": action, "rows": 1, **fields}
    DailyCount.objects.create(
        day=START + timedelta(days=day),
        group=group,
        process=process,
        occurrences=occurrences,
        **wanted,
    )


def plans() -> list[RampPlan]:
    return list(with_rows(RampPlan.objects.order_by("pk")))


def test_the_facts_of_two_plans(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    sales = make_group(SALES, client_count=4)
    laptops = make_group(SALES + "\\Laptops", client_count=None)
    kiosks = make_group("My Company\\Kiosks", client_count=10)
    vpn = Location.objects.create(group=sales, name="VPN", name_key="vpn")
    plan = climb(make_stored(sales), 2)
    other = climb(make_stored(kiosks, scan_policy="AV Kiosks"), 2)
    make_stored(scan_policy="AV VPN", uses=[(sales, vpn)])
    erp, tool, worm = (make_process(f"{d}.exe", d) for d in "abc")
    stopped = Action.objects.create(name="Quarantined", name_key="quarantined")
    monkeypatch.setattr(
        coverage.registered(), "ignored_in", lambda groups, now: [(sales.pk, erp.pk)], raising=False
    )
    count(erp, sales, 13, 6)
    count(erp, sales, 14, 2, sensitivity=20)
    count(erp, laptops, 14, 3)  # inherits the policy; nobody said Ignore there
    count(tool, sales, 15, 1, sensitivity=7)  # another scale says nothing of the level
    count(erp, sales, 17, 5, event_type=2)
    count(erp, sales, 16, 4, event_type=2, action=stopped)
    count(worm, sales, 16, 50, sensitivity=10)  # a client that still scans at 10
    count(worm, sales, 10, 50)  # the day of the change belongs to no level
    count(worm, sales, 16, 50, location=vpn)  # follows another policy
    count(worm, sales, 16, 50, event_type=4)  # comes from an exception
    count(worm, sales, 16, 50, event_type=3)  # another track
    for name, heard in (("pc1", 17), ("pc2", 11), ("pc3", 9)):
        make_computer(name, sales, last_heard_at=at(heard))
    make_sighting(tool, sales, first_at=at(15))
    make_sighting(erp, sales, covered_until=FOREVER, first_at=at(12), last_at=at(15), rows=6)
    pc, user = make_computer("pc4", kiosks), Account.objects.create(domain=sales.domain, name="u")
    for day, many in ((17, 3), (16, 9)):
        ComputerDay.objects.create(
            day=START + timedelta(days=day), group=sales, computer=pc, account=user,
            rows=1, occurrences=many,
        )  # fmt: skip
    with django_assert_max_num_queries(19):
        found = facts_of(plans(), NOW)
    facts, silent = found[plan.pk], found[other.pk]
    assert facts.seen is not None
    assert facts.seen.silent == pytest.approx(silent_days(6, days=4, quiet=2))
    assert facts.seen == Seen(total=6, kinds=2, once=1, twice=0, silent=facts.seen.silent)
    assert (facts.potential, facts.potential_ignored, facts.security) == (12, 8, 9)
    assert (facts.legitimate_as_risk, facts.false_quarantines) == (1, 4)
    assert (facts.by_log, facts.by_plan) == (2, 19)
    assert (facts.days, facts.days_reported) == (8, 6)
    assert (facts.clients, facts.groups_unknown) == (None, 1)
    assert (facts.heard, facts.heard_lately, facts.newest_at) == (2, 1, at(17))
    assert (facts.open_processes, facts.oldest_open_at) == (1, at(15))
    assert facts.load == 9.0
    # Nothing came from the kiosks: not known, not zero.
    unknown = ("seen", "potential", "load", "open_processes", "legitimate_as_risk",
               "false_quarantines", "newest_at")  # fmt: skip
    assert [getattr(silent, name) for name in unknown] == [None] * len(unknown)
    judged = {one.plan.pk: one for one in judge(plans(), NOW)}
    assert judged[other.pk].advice.sentence.startswith("Hold: “Days at the level”")
    assert judged[plan.pk].advice.sentence.startswith("Go back to 10")
    assert "false quarantines 4" in judged[plan.pk].advice.sentence
