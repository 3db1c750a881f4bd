from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import create_policy
from exceptions_app.triage.decide import respond, retire
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan.models.audit import AuditEvent
from truscan.models.counts import FOREVER, NEVER, Sighting

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def make_policy(name: str = "Sales", *paths: str) -> Policy:
    groups = [make_group(path) for path in paths]
    return create_policy(actor=SYSTEM, name=name, groups=groups)


def test_it_writes_exception_decision_and_ledger_and_covers_the_sighting() -> None:
    sales = make_group("My Company\\Sales")
    policy = make_policy("Sales", "My Company\\Sales")
    process = make_process()
    make_sighting(process, sales)
    result = respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="ignore",
        reason=" ours ",
        now=NOW,
    )
    assert (result.applied, result.skipped, result.replaced) == (1, [], 0)
    row = ProcessException.objects.get()
    assert (row.response, row.reason, row.author_name) == ("ignore", "ours", "test")
    assert row.evidence["process"]["name"] == "erpclient.exe"
    item = DecisionItem.objects.get()
    assert (item.decision, item.before, item.after) == (result.decision, None, row)
    sighting = Sighting.objects.get()
    assert (sighting.covered_until, sighting.covered_locations) == (FOREVER, [0])
    assert not Sighting.objects.open(LATER).exists()
    event = AuditEvent.objects.first()
    assert event is not None
    assert (event.code, event.object_id) == ("decision.responded", str(item.decision_id))
    policy.refresh_from_db()
    assert policy.draft_changed_at == NOW


def test_it_does_nothing_the_second_time() -> None:
    policy, process = make_policy(), make_process()
    for expected in (1, 0):
        result = respond(
            actor=SYSTEM,
            processes=[process.pk],
            policies=[policy],
            response="ignore",
            reason="ours",
            now=NOW,
        )
        assert result.applied == expected
    assert result.decision is None
    assert [skip.code for skip in result.skipped] == ["same"]
    assert "by test" in result.skipped[0].why
    assert Decision.objects.count() == 1


def test_it_skips_with_reasons() -> None:
    policy = make_policy()
    good = make_process("good.exe", "a")
    listed = make_process("listed.exe", "b", on_symantec_list=True)
    nameless = make_process("nohash.exe", hash="")
    result = respond(
        actor=SYSTEM,
        processes=[good.pk, listed.pk, nameless.pk, 999_999],
        policies=[policy],
        response="ignore",
        reason="ours",
        now=NOW,
    )
    assert result.applied == 1
    codes = {skip.process_id: skip.code for skip in result.skipped}
    assert codes == {listed.pk: "symantec_list", nameless.pk: "no_hash", 999_999: "unknown_process"}
    assert result.decision is not None
    assert (result.decision.applied, result.decision.skipped) == (1, 2)
    assert DecisionItem.objects.exclude(skipped_because="").count() == 2


def test_a_name_alone_may_be_terminated() -> None:
    result = respond(
        actor=SYSTEM,
        processes=[make_process("nohash.exe", hash="").pk],
        policies=[make_policy()],
        response="terminate",
        reason="bad",
        now=NOW,
    )
    assert result.applied == 1


def test_another_response_replaces_and_keeps_history() -> None:
    policy, process = make_policy(), make_process()
    for response in ("ignore", "quarantine"):
        result = respond(
            actor=SYSTEM,
            processes=[process.pk],
            policies=[policy],
            response=response,
            reason="second thoughts",
            now=NOW,
        )
    assert result.replaced == 1
    assert result.notes
    rows = list(ProcessException.objects.order_by("id"))
    assert [(r.response, r.retired_at) for r in rows] == [("ignore", NOW), ("quarantine", None)]


def test_what_was_decided_after_the_page_was_read_is_told_not_replaced() -> None:
    policy, process = make_policy(), make_process()
    respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="ignore",
        reason="ours",
        now=NOW,
    )
    result = respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="terminate",
        reason="bad",
        now=LATER,
        seen_at=NOW - timedelta(minutes=1),
    )
    assert (result.decision, result.applied) == (None, 0)
    assert result.skipped[0].code == "decided_meanwhile"
    assert "Ignore, by test" in result.skipped[0].why


def test_an_expiry_bounds_the_coverage() -> None:
    group = make_group("My Company")
    policy, process = make_policy("Root", "My Company"), make_process()
    make_sighting(process, group)
    respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="ignore",
        reason="trial",
        now=NOW,
        expires_at=LATER,
    )
    assert Sighting.objects.get().covered_until == LATER
    assert Sighting.objects.open(LATER).exists()


def test_retire_opens_the_item_again() -> None:
    group = make_group("My Company")
    policy, process = make_policy("Root", "My Company"), make_process()
    make_sighting(process, group)
    respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="ignore",
        reason="ours",
        now=NOW,
    )
    row = ProcessException.objects.get()
    result = retire(actor=SYSTEM, exceptions=[row.pk], reason="not ours", now=LATER)
    assert result.applied == 1
    row.refresh_from_db()
    assert row.retired_at == LATER
    assert Sighting.objects.get().covered_until == NEVER
    again = retire(actor=SYSTEM, exceptions=[row.pk], reason="not ours", now=LATER)
    assert (again.decision, again.skipped[0].code) == (None, "already_removed")


def test_it_rejects_what_makes_no_sense() -> None:
    policy, process = make_policy(), make_process()
    good = {"processes": [process.pk], "policies": [policy], "response": "ignore", "reason": "x"}
    for change, error in (
        ({"processes": []}, NothingChosen),
        ({"policies": []}, NothingChosen),
        ({"reason": "  "}, NothingChosen),
        ({"response": "allow"}, BadValue),
        ({"expires_at": NOW}, BadValue),
    ):
        with pytest.raises(error):
            respond(actor=SYSTEM, now=NOW, **{**good, **change})  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        retire(actor=SYSTEM, exceptions=[999_999], reason="x", now=NOW)


def test_a_policy_deleted_meanwhile_is_told() -> None:
    policy, process = make_policy(), make_process()
    Policy.objects.filter(pk=policy.pk).delete()
    with pytest.raises(NotFound, match="deleted meanwhile"):
        respond(
            actor=SYSTEM,
            processes=[process.pk],
            policies=[policy],
            response="ignore",
            reason="x",
            now=NOW,
        )


def test_the_number_of_statements_does_not_depend_on_the_number_of_processes(
    django_assert_num_queries: object,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    policy, group = make_policy("Root", "My Company"), make_group("My Company")
    processes = [make_process(f"p{n}.exe", hash=f"{n:064x}"[::-1]) for n in range(1, 31)]
    for process in processes:
        make_sighting(process, group)
    counts = []
    for part in (processes[:1], processes[1:]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            respond(
                actor=SYSTEM,
                processes=[process.pk for process in part],
                policies=[policy],
                response="ignore",
                reason="ours",
                now=NOW,
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]
