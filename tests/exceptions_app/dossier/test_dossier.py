"""A plan lived through to the end of its watch, and what its dossier says of it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from exceptions_app.dossier import document as documents
from exceptions_app.dossier.document import canonical, document
from exceptions_app.dossier.seal import is_proven, is_same_today, seal, signature_fits
from exceptions_app.errors import NotComplete
from exceptions_app.models.dossier import Dossier
from exceptions_app.policies.publish import publish
from exceptions_app.policies.signing import public_pem
from tests.exceptions_app.acts import give, make_policy, watch
from tests.make import SYSTEM, make_computer, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, at, make_stored
from tests.truscan.ramp.test_evidence_gates import count
from truscan.access.actor import Actor
from truscan.audit import verify
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import confirm_level, end
from truscan.ramp.override import (
    ask_override,
    give_override,
    refuse_override,
    withdraw_override,
)
from truscan.ramp.rows import with_rows
from truscan.ramp.scan_settings import record_setting

if TYPE_CHECKING:
    from pathlib import Path

    from django.contrib.auth.models import User
    from pytest_django.fixtures import Settings

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db
VALID = Draft202012Validator(
    documents.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER
).validate


def read(plan: RampPlan) -> RampPlan:
    return with_rows(RampPlan.objects.filter(pk=plan.pk)).get()


@pytest.fixture
def sales() -> Group:
    group = make_group(SALES, client_count=1)
    make_computer("pc-1", group, last_heard_at=at(60))
    return group


@pytest.fixture
def people(sales: Group) -> tuple[User, User]:
    return make_user("anna", "approver", sales), make_user("bert", "approver", sales)


def climbed(sales: Group, people: tuple[User, User], settings: Settings) -> RampPlan:
    """Commercial applications, from Log on day 0 to Quarantine on day 60, over a failed gate."""
    settings.RAMP_SECOND_PERSON = True
    plan = make_stored(sales, track="commercial", days=60, watch=14)
    confirm_level(actor=SYSTEM, plan=plan, level="log", now=at(0))
    for number in range(6):
        process = make_process(f"p{number}.exe", str(number))
        make_sighting(process, sales, commercial_occurrences=5, first_at=at(58))
        count(process, sales, 59, 5, event_type=3)
    anna, bert = (Actor.on_web(user) for user in people)
    ask_override(actor=anna, plan=plan, level="quarantine", reason="known tools", now=at(60))
    refuse_override(actor=bert, plan=plan, level="quarantine", reason="look first", now=at(60))
    ask_override(actor=anna, plan=plan, level="quarantine", reason="looked at", now=at(60))
    give_override(actor=bert, plan=plan, level="quarantine", reason="agreed", now=at(60))
    withdraw_override(actor=anna, plan=plan, level="quarantine", now=at(60))
    ask_override(actor=anna, plan=plan, level="quarantine", reason="no risk", now=at(60))
    give_override(actor=bert, plan=plan, level="quarantine", reason="agreed", now=at(60))
    return plan


def test_a_whole_life_is_told_sealed_and_proven(
    sales: Group, people: tuple[User, User], settings: Settings
) -> None:
    plan = climbed(sales, people, settings)
    policy = make_policy("Sales", SALES, now=at(1))
    draft = document(read(plan), at(60))
    VALID(draft)
    assert (draft["status"], draft["number"], draft["outcome"]) == ("draft", None, "under way")
    with pytest.raises(NotComplete, match="has not been reached"):
        seal(actor=SYSTEM, plan=plan, now=at(60))
    confirm_level(actor=SYSTEM, plan=plan, level="quarantine", now=at(60))
    first = seal(actor=SYSTEM, plan=plan, now=at(61))
    # Nothing is known beyond day 60, so a dossier of day 65 is the same, byte for byte.
    assert seal(actor=SYSTEM, plan=plan, now=at(65)) == first
    assert json.loads(first.canonical)["as_of"] == "2026-05-01T12:00:00Z"
    give(make_process("erp.exe", "e"), policy, now=at(62))
    publish(actor=SYSTEM, policy=policy, now=at(62))
    watch(make_process("odd.exe", "f"), sales, now=at(63), until=at(90))
    record_setting(
        actor=SYSTEM, policy=plan.scan_policy, setting="notifications", value="off", now=at(64)
    )
    assert not is_same_today(first, read(plan), at(65))
    settings.RAMP_SECOND_PERSON = False
    confirm_level(actor=SYSTEM, plan=plan, level="watched", reason="no new logs", now=at(74))
    second = seal(actor=Actor.on_web(people[0]), plan=plan, now=at(75))
    assert (second.number, is_proven(second), signature_fits(second)) == (2, True, True)
    told = json.loads(second.canonical)
    VALID(told)
    assert (told["status"], told["number"], told["outcome"]) == ("sealed", 2, "finished")
    assert told["plan"]["within_guide"] is True
    assert [s["reached_on"] for s in told["steps"]] == ["2026-03-02", "2026-05-01", "2026-05-15"]
    log, quarantine = told["stays"]
    assert (log["days_reported"], log["new_processes"], log["detections_a_day"]) == (1, 6, 30)
    # Before the switch something was heard, afterwards nothing.
    switched = told["changes"][1]
    assert (switched["on"], switched["before"]["commercial"]) == ("2026-05-01", 30)
    assert switched["after"]["commercial"] is None
    # No report at the last level is not known, never zero.
    assert (quarantine["days_reported"], quarantine["new_processes"]) == (0, None)
    told_overrides = [
        (o["asked_by"], o["reason"], o["outcome"], o["second_person"], o["second_reason"])
        for o in told["overrides"]
    ]
    assert told_overrides == [
        ("anna", "known tools", "refused", "bert", "look first"),
        ("anna", "looked at", "withdrawn", "bert", "agreed"),
        ("anna", "no risk", "given", "bert", "agreed"),
        ("test", "no new logs", "given", None, None),
    ]
    assert "Open processes" in told["overrides"][2]["titles"]
    gates = {e["level"]: {g["gate"]: g for g in e["gates"]} for e in told["events"] if e["gates"]}
    assert gates["quarantine"]["open"]["answer"] == "fail"
    assert gates["quarantine"]["open"]["shown"] == "6"
    assert told["policies"][0]["exceptions"] == {"ignore": 1}
    assert told["policies"][0]["revision"] == 1
    assert told["exceptions"]["listed"][0]["process"]["name"] == "erp.exe"
    assert told["observed"]["listed"][0]["process"]["name"] == "odd.exe"
    assert told["undecided_processes"] == 6
    assert told["decisions"]["processes"] == {"ignore": 1, "observe": 1}
    assert told["settings"][0]["value"] == "off"
    # The switch of day 60 is replayed over the days before it.
    switch = told["final_switch"]
    assert (switch["action"], switch["stopped"]) == ("quarantine", 30)
    assert (switch["first_day"], switch["last_day"]) == ("2026-04-02", "2026-05-01")
    assert [line["code"] for line in told["ledger"]][:2] == ["ramp.created", "ramp.confirmed"]
    assert verify()[2] == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Dossier.objects.filter(pk=first.pk).update(canonical="{}")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_pages_api_and_command_hand_out_the_same_and_openssl_agrees(
    sales: Group, people: tuple[User, User], settings: Settings, tmp_path: Path, capsys: Any
) -> None:
    now = timezone.now()
    plan = make_stored(sales, start_on=now.date(), now=now - timedelta(days=1))
    end(actor=SYSTEM, plan=plan, reason="<b>taken over</b>", now=now)
    caller, client = Caller(people[0]), Client()
    client.force_login(people[1])
    at_rest = f"ramp-plans/{plan.pk}/dossiers/"
    VALID(caller.get(f"{at_rest}draft/").json())
    assert caller.get(at_rest).json() == []
    page = client.get(f"/ramp/{plan.pk}/dossier/").content.decode()
    assert "Seal the dossier" in page
    assert "&lt;b&gt;taken over" in page
    r = client.post(f"/ramp/{plan.pk}/dossier/seal/", follow=True)
    assert "computed anew just now: it fits" in r.content.decode()
    assert "The rows of today" not in r.content.decode()
    again = client.get(f"/ramp/{plan.pk}/dossier/1/?again=1").content.decode()
    assert "The rows of today give the same text" in again
    assert caller.post(at_rest, key="once").json()["number"] == 1
    whole = caller.get(f"{at_rest}1/").json()
    body = client.get(f"/ramp/{plan.pk}/dossier/1/dossier.json").content
    raw = client.get(f"/ramp/{plan.pk}/dossier/1/dossier.sig").content
    assert whole["text"].encode() == body
    assert base64.b64decode(whole["signature"]) == raw
    assert caller.get(f"{at_rest}1/signature/").content == raw
    call_command("ramp_dossier", str(plan.pk), "--number", "1", "--out", str(tmp_path))
    assert "signature fits, today's rows give the same text" in capsys.readouterr().err
    names = [f"ramp-{plan.pk}-dossier-1.{form}" for form in ("json", "sig")]
    assert [(tmp_path / name).read_bytes() for name in names] == [body, raw]
    (tmp_path / "key.pem").write_text(public_pem())
    words = f"pkeyutl -verify -pubin -inkey key.pem -rawin -in {names[0]} -sigfile {names[1]}"
    command = ["openssl", *words.split()]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / names[0]).write_bytes(body.replace(b"taken over", b"finished"))
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 1
    call_command("ramp_dossier", "AV Sales")
    assert json.loads(capsys.readouterr().out)["status"] == "draft"
    for wrong in (["999999"], ["nobody"], [str(plan.pk), "--number", "9"]):
        with pytest.raises(CommandError):
            call_command("ramp_dossier", *wrong)


def test_sums_are_for_who_sees_all_groups(sales: Group) -> None:
    other = make_group("My Company\\Kiosks")
    plan = make_stored(uses=[(sales, None), (other, None)])
    client = Client()
    client.force_login(make_user("partly", "approver", sales))
    for address in ("", "draft.json", "1/", "1/dossier.json", "1/dossier.sig"):
        assert client.get(f"/ramp/{plan.pk}/dossier/{address}").status_code == 403
    assert client.post(f"/ramp/{plan.pk}/dossier/seal/").status_code == 403
    assert Caller(make_user("owner", "administrator")).get(
        f"ramp-plans/{plan.pk}/dossiers/draft/"
    ).json()["outcome"] == "under way"  # fmt: skip
    client.force_login(make_user("boss", "administrator"))
    for address in (f"{plan.pk}/dossier/{10**20}/", f"{10**20}/dossier/", "0/changes/"):
        assert client.get(f"/ramp/{address}").status_code == 404
    text = canonical(read(plan), at(61))
    assert text == canonical(read(plan), at(400))
