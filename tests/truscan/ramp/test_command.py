from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from tests.make import make_group, make_user
from tests.truscan.ramp.plans import SALES
from truscan.models.ramp import RampPlan

pytestmark = pytest.mark.django_db


def ramp(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("ramp", *args, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def create(*more: str) -> dict[str, Any]:
    make_group(SALES)
    today = timezone.now().date().isoformat()
    args = ["--scan-policy", "AV Sales", "--track", "trojans", "--group", SALES]
    return ramp("create", *args, "--start", today, "--days", "75", *more)


def test_it_creates_and_shows_a_plan() -> None:
    dates = create("--preview", "--profile", "remote")["steps"]
    assert not RampPlan.objects.exists()
    assert dates[0]["on"] == timezone.now().date().isoformat()
    made = create()
    shown = ramp("show", "--scan-policy", "AV Sales")
    assert made == shown
    assert shown["phase"] == "planned"
    assert shown["next"]["level"] == "10"
    assert shown["groups"] == [{"path": SALES, "location": None}]
    assert shown["projected_days"] == 75


def test_it_finds_the_plan_by_group() -> None:
    create()
    assert ramp("show", "--group", "my company\\\\sales\\")["scan_policy"] == "AV Sales"


def test_it_lives_through_the_verbs() -> None:
    create()
    which = ("--scan-policy", "AV Sales")
    assert ramp("confirm", *which)["level_in_force"] == "10"
    assert ramp("hold", *which, "--reason", "freeze")["phase"] == "held"
    assert ramp("resume", *which)["phase"] == "running"
    early = ramp("confirm", *which, "--level", "20", "--reason", "rehearsal")
    assert early["level_in_force"] == "20"
    assert ramp("back", *which, "--reason", "flood")["level_in_force"] == "10"
    assert ramp("end", *which, "--reason", "over")["phase"] == "ended"
    assert RampPlan.objects.get().ended_at is not None


def test_it_names_the_person() -> None:
    create()
    make_user("anna")
    done = ramp("confirm", "--scan-policy", "AV Sales", "--user", "anna")
    assert done["events"][-1]["actor"] == "anna"
    assert done["events"][0]["actor"].startswith("command line (")


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("show", "--scan-policy", "None"), "No ramp plan"),
        (("confirm", "--scan-policy", "AV Sales", "--user", "nobody"), "No active user"),
        (("hold", "--scan-policy", "AV Sales"), "Say why"),
        (("confirm", "--scan-policy", "AV Sales", "--level", "50"), "next level is level 10"),
    ],
)
def test_it_fails_with_a_sentence(args: tuple[str, ...], why: str) -> None:
    create()
    with pytest.raises(CommandError, match=why):
        ramp(*args)


def test_it_rejects_an_unknown_group() -> None:
    args = ("--scan-policy", "A", "--track", "trojans", "--group", "No\\Such")
    with pytest.raises(CommandError, match="No group"):
        ramp("create", *args, "--start", timezone.now().date().isoformat(), "--days", "75")


def test_it_asks_for_the_track_when_there_are_several() -> None:
    create()
    create("--track", "keyloggers")
    with pytest.raises(CommandError, match="Several plans"):
        ramp("show", "--scan-policy", "AV Sales")
    assert (
        ramp("show", "--scan-policy", "AV Sales", "--track", "keyloggers")["next"]["level"] == "low"
    )


def test_it_prints_for_people() -> None:
    create()
    out = StringIO()
    call_command("ramp", "show", "--scan-policy", "AV Sales", stdout=out)
    assert "planned, no level in force" in out.getvalue()
    assert "Set the sensitivity to 10" in out.getvalue()
