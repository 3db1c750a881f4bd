from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from exceptions_app.arrival import effect_counts
from exceptions_app.arrival.causes import PlaceFacts, likely_causes
from exceptions_app.arrival.did import Did, did
from exceptions_app.arrival.effect import effect_of
from exceptions_app.arrival.effect_counts import failing_policies
from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.models.arrival import EffectCount
from exceptions_app.policies.publish import publish
from exceptions_app.triage.same_files import link_same_file
from tests.exceptions_app.acts import give, make_policy
from tests.make import (
    NOW,
    SYSTEM,
    make_computer,
    make_group,
    make_process,
    make_sighting,
    make_user,
)
from tests.tokens import Caller
from truscan.access.sites import explain_term
from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.test import Client

DAY = timedelta(days=1)
OLD, NEW = "7A5B-03/01/2026 17:32:09 421", "7A5B-03/03/2026 01:00:00 005"


def test_a_cause_is_named_or_said_to_be_unknown() -> None:
    def codes(*hashes: str, **facts: object) -> list[str]:
        given = {"policy": "P", "is_ours": True, "group_has_ours": True} | facts
        place = PlaceFacts(**given)  # type: ignore[arg-type]
        return [cause.code for cause in likely_causes(place, hashes, NOW)]

    assert codes("sha1:a", "sha256:b") == ["none_known"]
    assert codes("sha256:b", versions=["14.3", "11.0.7"]) == ["needs_sha1"]
    assert codes("sha256:b", versions=["14.3"]) == ["none_known"]
    assert codes("sha256:b", versions=["110.1"]) == ["none_known"]
    assert codes("sha256:b", versions=[""]) == ["may_need_sha1"]
    assert codes("sha1:a", serial_at=NOW - DAY, behind=1, silent=1) == [
        "not_handed_out", "behind", "not_proven",
    ]  # fmt: skip
    assert codes(is_ours=False) == ["other_location"]
    assert codes(is_ours=False, group_has_ours=False, policy="") == ["other_policy"]


@pytest.mark.django_db
def test_an_exception_that_is_still_detected_after_the_heartbeat_is_flagged() -> None:
    policy = make_policy("Sales", "Global\\Sales")
    sales = Group.objects.get(path="Global\\Sales")
    apart = make_group("Global\\Sales\\Apart", inherits=False)
    loud, mute = (make_process(f"{d}.exe", d) for d in "ab")
    for process in (loud, mute):
        make_sighting(process, sales)
        give(process, policy)
    before = effect_of(policy, None, NOW)
    assert (before.revision, before.still) == (None, ())
    publish(actor=SYSTEM, policy=policy, now=NOW)
    action = Action.objects.create(name="Logged", name_key="logged")

    def detect(process: Process, group: Group, days: int, **more: object) -> None:
        given = {"event_type": EventType.POTENTIAL_RISK, "rows": 1, "occurrences": 4} | more
        DailyCount.objects.create(
            day=(NOW + days * DAY).date(), group=group, process=process, action=action, **given
        )

    for process in (loud, mute):
        detect(process, sales, 1)  # within the heartbeat's day
    detect(mute, sales, 3, event_type=EventType.ALLOWED)
    detect(loud, sales, 3)
    detect(loud, apart, 3, occurrences=2)
    now = NOW + 4 * DAY
    found = effect_of(policy, None, now)
    assert not found.is_proven  # no computer was heard from
    make_computer("pc", sales, last_heard_at=now)
    record_serials(
        actor=SYSTEM,
        read_at=now,
        source="test",
        groups=[GroupReading(sales.pk, NEW)],
        clients=[ClientReading(sales.domain_id, "pc", sales.pk, OLD, "11.0.7", "", now)],
    )
    found = effect_of(policy, None, now)
    assert (found.is_proven, found.more) == (True, 0)
    (still,) = found.still
    assert (still.process, still.since, still.occurrences) == (loud, NOW, 6)
    assert [(p.group, p.occurrences, [c.code for c in p.causes]) for p in still.places] == [
        (sales, 4, ["needs_sha1", "behind"]),
        (apart, 2, ["other_policy"]),
    ]
    assert [p.group for p in effect_of(policy, [apart.pk], now).still[0].places] == [apart]
    # A later revision without a change for the process does not start the clock anew.
    give(make_process("d.exe", "d"), policy)
    publish(actor=SYSTEM, policy=policy, now=NOW + 3 * DAY)
    assert effect_of(policy, None, now).still[0].since == NOW
    assert effect_of(policy, None, NOW + 60 * DAY).still == ()


def test_what_a_client_did_is_told_by_its_word() -> None:
    for word in ("Quarantined", "PROCESS  terminated", "Cleaned by deletion", "Deleted"):
        assert did(word) == Did.STOPPED
    for word in ("Left alone", "Logged", "All actions failed", "Allowed by User"):
        assert did(word) == Did.LEFT
    for word in ("", "102", "Mis en quarantaine", "Process termination pending restart", "Bad"):
        assert did(word) == Did.UNCLEAR


@pytest.mark.django_db
def test_what_is_to_be_stopped_is_judged_by_what_clients_did() -> None:
    policy = make_policy("Sales", "Global\\Sales")
    sales = Group.objects.get(path="Global\\Sales")
    works, fails, unclear, allowed, linked = (make_process(f"{d}.exe", d) for d in "abcde")
    old = make_process("e.exe", hash="f" * 39 + "1", hash_type="sha1")
    link_same_file(actor=SYSTEM, first=linked, second=old)
    for process in (works, fails, unclear, allowed, linked):
        make_sighting(process, sales)
        give(process, policy, "quarantine" if process == fails else "terminate")
    publish(actor=SYSTEM, policy=policy, now=NOW)
    explain_term(actor=SYSTEM, kind="action", text="Arrêté", meaning="Process terminated")

    def detect(process: Process, word: str, day: int = 3, **more: object) -> None:
        action, _ = Action.objects.get_or_create(name=word, name_key=word.casefold())
        given = {"event_type": EventType.SECURITY_RISK, "rows": 1, "occurrences": 4} | more
        DailyCount.objects.create(
            day=(NOW + day * DAY).date(), group=sales, process=process, action=action, **given
        )

    detect(fails, "Left alone", 1)  # before it can have arrived
    assert effect_of(policy, None, NOW + 4 * DAY).still == ()
    for word in ("Quarantined", "21", "Arrêté"):
        detect(works, word)
    detect(works, "Process termination pending restart")
    detect(fails, "Left alone")
    detect(fails, "Quarantined")
    detect(unclear, "Suspicious")
    detect(allowed, "", event_type=EventType.ALLOWED)
    detect(old, "Logged", occurrences=1)
    found = effect_of(policy, None, NOW + 4 * DAY)
    assert [(s.process, s.response, s.occurrences, s.unclear) for s in found.still] == [
        (fails, "quarantine", 4, 0),
        (allowed, "terminate", 4, 0),
        (linked, "terminate", 1, 0),
    ]
    assert [(s.process, s.occurrences, s.unclear) for s in found.unclear] == [
        (works, 0, 4),
        (unclear, 0, 4),
    ]
    assert (found.stopping, found.stopped) == (2, 16)
    assert "ran_before" in {cause.code for cause in found.still[0].places[0].causes}
    # Another response is another rule: its clock starts anew.
    give(fails, policy, "terminate")
    publish(actor=SYSTEM, policy=policy, now=NOW + 3 * DAY)
    assert fails not in {s.process for s in effect_of(policy, None, NOW + 4 * DAY).still}


@pytest.mark.django_db
def test_the_beat_keeps_how_many_do_not_take_effect(client: Client) -> None:
    policy, other = make_policy("Sales", "Global\\Sales"), make_policy("Other", "Global\\Else")
    make_policy("Never published", "Global\\Third")
    sales = Group.objects.get(path="Global\\Sales")
    loud = make_process("a.exe", "a")
    make_sighting(loud, sales)
    give(loud, policy)
    give(make_process("b.exe", "b"), other)
    for one in (policy, other):
        publish(actor=SYSTEM, policy=one, now=NOW)
    DailyCount.objects.create(
        day=(NOW + 3 * DAY).date(), group=sales, process=loud, rows=1, occurrences=4,
        event_type=EventType.POTENTIAL_RISK, action=Action.objects.create(name_key="logged"),
    )  # fmt: skip
    hour = timedelta(hours=1)
    assert effect_counts.tick(NOW + hour) == 0, "the heartbeat is not over"
    assert [effect_counts.tick(NOW + 4 * DAY), effect_counts.tick(NOW + 4 * DAY)] == [2, 0]
    assert effect_counts.tick(NOW + 4 * DAY + hour) == 0
    assert EffectCount.objects.get(policy=policy).failing == 1
    assert EffectCount.objects.get(policy=other).failing == 0
    whole = make_user("whole", "viewer", make_group("Global"))
    (row,) = failing_policies(whole)
    assert (row.policy, row.failing, row.judged_at) == (policy, 1, NOW + 4 * DAY)
    assert list(failing_policies(make_user("out", "viewer", make_group("Global\\Else")))) == []
    apart = make_group("Global\\Sales\\Apart")
    assert list(failing_policies(make_user("part", "viewer", apart))) == [], "not seen whole"
    client.force_login(whole)
    page = client.get("/arrival/").content.decode()
    assert f"/policies/{policy.pk}/arrival/" in page
    told = Caller(whole).get("arrival/").json()["failing"]
    assert [(one["policy"], one["failing"]) for one in told] == [(policy.pk, 1)]
    # A beat that was away for two months finds the last thirty days quiet.
    assert effect_counts.tick(NOW + 60 * DAY) == 2
    assert list(failing_policies(whole)) == []
    give(make_process("c.exe", "c"), policy)
    publish(actor=SYSTEM, policy=policy, now=NOW + 60 * DAY)
    assert effect_counts.tick(NOW + 60 * DAY + hour) == 0, "the new one has not arrived"
    assert effect_counts.tick(NOW + 62 * DAY) == 2
    assert EffectCount.objects.get(policy=policy).revision_number == 2
