"""Suggestions in the database: what they learn from, who sees what, and that nothing is applied."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from exceptions_app.models.decision import Decision
from exceptions_app.models.suggestion import Suggestion
from exceptions_app.suggest.location import LOCATIONS, location_of, location_sql
from exceptions_app.suggest.read import decided
from exceptions_app.suggest.refresh import refresh, standing, tick
from exceptions_app.triage.decide import respond
from tests.exceptions_app.acts import make_policy, watch
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor, Means

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db
SALES = "My Company\\Sales"
BAD = {"risk_class": "probable_risk"}


def make_history(
    group: Group, good: int = 40, bad: int = 40
) -> tuple[list[Process], list[Process]]:
    fine = [
        make_seen(f"tool{n}.exe", "a", (group,), hash=f"{n:064x}"[::-1], signer="Contoso")
        for n in range(1, good + 1)
    ]
    rotten = [
        make_seen(
            f"x{n}.exe", "b", (group,), hash=f"{n:063x}b", summary=BAD, company_name="",
            generic_path=f"%USERPROFILE%\\Downloads\\x{n}.exe",
        )
        for n in range(bad)
    ]  # fmt: skip
    return fine, rotten


def give_all(
    processes: list[Process], response: str, policy: Policy, actor: Actor = SYSTEM
) -> None:
    respond(
        actor=actor,
        processes=[p.pk for p in processes],
        policies=[policy],
        response=response,
        reason="looked at",
        now=NOW,
    )


def test_it_learns_from_people_and_is_shown_to_who_may_see(client: Client) -> None:
    group, other = make_group(SALES), make_group("My Company\\Labs")
    policy = make_policy("Sales", SALES)
    fine, rotten = make_history(group)
    give_all(fine, "ignore", policy)
    give_all(rotten, "quarantine", policy)
    waiting = make_seen("new.exe", "c", (other,), signer="Contoso")
    lurking = make_seen(
        "y.exe", "d", (other,), summary=BAD, company_name="",
        generic_path="%USERPROFILE%\\Downloads\\y.exe",
    )  # fmt: skip
    before = Decision.objects.count()
    state = refresh(NOW)
    assert Decision.objects.count() == before
    assert state.calibration["history"] == 80
    assert state.suggested == 2
    row = Suggestion.objects.get(process=waiting)
    assert row.response == "ignore"
    assert row.rate == 1.0
    assert Suggestion.objects.get(process=lurking).response == "quarantine"
    told = {reason["kind"] for reason in row.reasons}
    assert "signer" in told

    outsider = make_user("labs", "analyst", other)
    client.force_login(outsider)
    page = client.get("/").content.decode()
    assert "Suggestion: Ignore; at least 93 %" in page
    assert "Suggestion: Quarantine; at least 93 %" in page
    evidence = client.get(f"/processes/{waiting.pk}/evidence/").content.decode()
    assert "signed by contoso: 40 of 40 ignored" in evidence
    # The neighbours are of Sales: counted, never named.
    assert "in other groups" in evidence
    assert "tool40.exe" not in evidence
    dialog = client.get(f"/processes/decide/?process={waiting.pk}&take=1").content.decode()
    assert "As suggested (93 %): " in dialog
    assert "until you press OK" in dialog
    assert "80 of 80 judged" in client.get("/suggestions/").content.decode()
    assert Decision.objects.count() == before

    api = Caller(outsider)
    (first, second) = api.get("suggestions/").json()["results"]
    assert {first["response"], second["response"]} == {"ignore", "quarantine"}
    assert first["neighbours"] == []
    assert api.get("suggestions/?response=ignore").json()["results"][0]["process"] == (waiting.pk)
    assert api.get("suggestions/calibration/").json()["calibration"]["right"] == 80
    whole = Caller(make_user("all", "viewer"))
    assert whole.get(f"suggestions/{waiting.pk}/").json()["neighbours"]


def test_rules_and_contradictions_are_no_history_and_observing_is() -> None:
    group = make_group(SALES)
    sales, labs = make_policy("Sales", SALES), make_policy("Labs", "My Company\\Labs")
    both, ruled, seen, plain = (
        make_seen(f"{name}.exe", digit, (group,))
        for name, digit in zip(("both", "ruled", "seen", "plain"), "abcd", strict=True)
    )
    give_all([both], "ignore", sales)
    give_all([both], "quarantine", labs)
    give_all([ruled], "ignore", sales, Actor("rule", Means.RULE))
    give_all([plain], "terminate", sales)
    watch(seen, group)
    assert [(told.process_id, response) for told, response in decided()] == [
        (seen.pk, "observe"),
        (plain.pk, "terminate"),
    ]


def test_the_tick_works_only_when_something_is_new() -> None:
    group, policy = make_group(SALES), make_policy("Sales", SALES)
    fine, _ = make_history(group, 35, 0)
    assert tick(NOW)
    assert not tick(NOW + timedelta(hours=1))
    give_all(fine, "ignore", policy)
    assert not tick(NOW + timedelta(seconds=30))
    late = NOW + timedelta(hours=2)
    assert tick(late)
    state = standing()
    assert state is not None
    assert state.made_at == late
    assert state.calibration["history"] == 35
    waiting = make_seen("new.exe", "c", (group,), signer="Contoso")
    refresh(late)
    assert Suggestion.objects.get().process_id == waiting.pk
    give_all([waiting], "ignore", policy)
    refresh(late)
    assert not Suggestion.objects.exists()


def test_postgresql_reads_the_same_locations() -> None:
    paths = [
        "",
        "a.exe",
        "%DRIVE%\\a",
        "\\\\s\\x\\a",
        "%windir%\\temp\\a",
        "%WINDIR%\\a",
        "/var/tmp/a",  # noqa: S108
    ]
    paths += ["%PROGRAMFILES(X86)%\\a", "%USERPROFILE%\\a", "%HOME%/Downloads/a", "%PUBLIC%\\a"]
    paths += ["%ProgramData%\\temp\\a", "%SYSTEMDRIVE%\\tools\\a", "%USERPROFILE%\\downloads\\a"]
    with connection.cursor() as cursor:
        sql = f"SELECT p, {location_sql('p')} FROM unnest(%s::text[]) AS p"  # noqa: S608
        cursor.execute(sql, [paths])
        found = dict(cursor.fetchall())
    assert found == {path: location_of(path) for path in paths}
    assert {word for word, _, _ in LOCATIONS} | {""} == set(found.values())
