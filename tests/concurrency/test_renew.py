"""Two people who accept the same new build at the same moment, on the real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.renewal import Renewal
from exceptions_app.triage.renew import Renewed, renew
from tests.concurrency.at_once import at_once
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, make_group, make_user
from truscan import audit
from truscan.access.actor import Actor

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(hours=1)


def test_of_two_who_accept_a_new_build_one_wins_and_the_other_is_told() -> None:
    group, policy = make_group("Global"), make_policy("Top", "Global")
    old, new = make_seen("erp.exe", "1", (group,)), make_seen("erp.exe", "2", (group,))
    give(old, policy, "quarantine")
    Renewal.objects.create(process=new, predecessor=old, found_at=NOW)
    people = [make_user(name, "analyst") for name in ("ann", "ben", "carl")]
    results = at_once(
        *(
            lambda u=user: renew(actor=Actor.on_web(u), user=u, processes=[new.pk], now=LATER)
            for user in people
        )
    )
    told = [result for result in results if isinstance(result, Renewed)]
    assert sorted(one.applied for one in told) == [0, 0, 1]
    row = ProcessException.objects.get(process=new)
    assert (row.response, row.retired_at) == ("quarantine", None)
    for one in told:
        if not one.applied:
            skips = [*one.skipped, *(skip for _, done in one.results for skip in done.skipped)]
            (skip,) = skips
            assert skip.code == "same"
            assert f"response already, by {row.author_name} on 2026-03-02 10:00 UTC" in skip.why
    assert Decision.objects.filter(items__process=new, items__skipped_because="").count() == 1
    late = renew(actor=Actor.on_web(people[0]), user=people[0], processes=[new.pk], now=LATER)
    (too_late,) = late.skipped
    assert f"by {row.author_name} on 2026-03-02 10:00 UTC" in too_late.why
    assert audit.verify()[2] == []
