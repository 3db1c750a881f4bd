"""Escalation, digests, quiet hours, webhooks: what leaves, to whom, and never twice."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import responses
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from tests.cases import cases
from tests.make import SYSTEM, make_group, make_user
from tests.tokens import Caller
from tests.truscan.ramp.lives import ZONES, local, make_plan
from tests.truscan.ramp.plans import SALES, at, climb, make_stored
from truscan.access.reminding import RemindingError, set_reminding
from truscan.delivery.outbox import deliver_due
from truscan.delivery.webhooks import create_webhook
from truscan.delivery.webhooks import tick as send_webhooks
from truscan.models.access import PersonSettings
from truscan.models.audit import AuditEvent
from truscan.models.delivery import OutboxMessage
from truscan.ramp.actions import confirm_level, hold
from truscan.ramp.calendar import feed_of_person, make_own_link, person_by_secret
from truscan.ramp.plan import Event, Kind
from truscan.ramp.reminders import escalation_of
from truscan.ramp.schedule import fold
from truscan.ramp.tick import tick

PLAN = make_plan()
CONFIRMED = Event(1, Kind.CONFIRMED, local(PLAN, date(2026, 10, 21)), "10")
DUE_ON = date(2026, 10, 31)
URL = "https://hooks.example.org/truscan"


def escalated(now: datetime) -> str:
    found = escalation_of(PLAN, fold(PLAN, [CONFIRMED], now))
    return found.key if found else ""


def sent() -> list[tuple[str, str]]:
    return [(message.to[0].split("@")[0], message.subject.split(":")[0]) for message in mail.outbox]


def test_those_above_hear_of_it_after_three_days_and_then_weekly() -> None:
    keys = [escalated(local(PLAN, DUE_ON + timedelta(days=n), 12)) for n in range(20)]
    assert keys[:4] == [""] * 4
    assert set(keys[4:11]) == {"ramp:7:1:escalated:2026-11-04"}
    assert set(keys[11:18]) == {"ramp:7:1:escalated:2026-11-11"}
    assert escalated(local(PLAN, date(2026, 11, 4), 8)) == ""


@settings(max_examples=cases(60), deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.integers(0, 60 * 24), max_size=12))
def test_however_the_beat_sleeps_a_week_is_told_at_most_once(zone: str, hours: list[int]) -> None:
    plan = make_plan(zone=zone)
    first = Event(1, Kind.CONFIRMED, local(plan, date(2026, 10, 21)), "10")
    start = local(plan, DUE_ON, 0)
    found = [
        (hour, escalation_of(plan, fold(plan, [first], start + timedelta(hours=hour))))
        for hour in sorted(hours)
    ]
    told = [one for _, one in found if one is not None]
    assert len({one.key for one in told}) == len({one.on for one in told})
    for one in told:
        assert (one.on - one.due_on).days % 7 == 4
    # Beyond the fourth day there is always one: a late beat loses none.
    assert all(one is not None for hour, one in found if hour > 4 * 24 + 34)


@pytest.mark.django_db
def test_an_overdue_step_climbs_from_approver_to_administrator_and_nothing_is_sent_twice(
    settings: Any,
) -> None:
    anna = make_user("anna", "approver")
    make_user("zoe", "administrator")
    make_user("far", "administrator", make_group("My Company\\Lab"))
    plan = climb(make_stored(), 1)  # level 20 is due on day 10
    settings.EMAIL_BACKEND = "tests.truscan.delivery.test_outbox.DeadServer"
    for day in (10, 11, 13, 14, 20, 21, 28, 40):  # a month without a mail server
        assert tick(at(day)) + tick(at(day)) >= 1
        deliver_due(at(day))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    deliver_due(at(41, 8))
    assert sorted(sent()) == [
        ("anna", "Level 20, 30 days overdue"), ("zoe", "Escalated"),
    ]  # fmt: skip
    assert any("Reminded: anna." in str(message.body) for message in mail.outbox)
    mail.outbox.clear()
    for hour in (10, 10, 11, 23):
        tick(at(41, hour))
        deliver_due(at(41, hour))
    assert sent() == [("anna", "Level 20, 31 days overdue")]
    confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(41, 23))
    assert tick(at(42)) == 0
    anna.is_active = False
    anna.save()
    mail.outbox.clear()
    tick(at(51))
    deliver_due(at(51))
    assert sent() == [("zoe", "Level 30, due today")], "without approvers they come first"


@pytest.mark.django_db
def test_a_digest_takes_the_place_of_single_reminders_once_a_morning() -> None:
    anna = make_user("anna", "approver")
    PersonSettings.objects.create(user=anna, timezone="Europe/Berlin")
    set_reminding(actor=SYSTEM, user=anna, digest=True, quiet_from=None, quiet_until=None)
    late = climb(make_stored(), 1)
    make_stored(make_group("My Company\\Lab"), scan_policy="AV Lab", start_on=date(2026, 3, 14))
    held = make_stored(make_group("My Company\\Field"), scan_policy="AV Field")
    hold(actor=SYSTEM, plan=held, reason="freeze of\nthe year", now=at(1))
    for hour in (7, 8, 8, 15):  # 09:00 in Berlin is 08:00
        tick(at(12, hour))
        deliver_due(at(12, hour))
    # At seven the day before was not told yet: a late beat tells it, once.
    assert [m.subject for m in mail.outbox] == [
        "Ramp, 13 March 2026: 1 overdue, 1 due today, 1 held",
        "Ramp, 14 March 2026: 1 overdue, 1 due today, 1 held",
    ]
    text = mail.outbox[1].body
    assert text.index("Overdue") < text.index("Due today") < text.index("Held")
    assert "level 20, due 2026-03-12 (UTC), 2 days overdue" in text
    assert "held since 2026-03-03: freeze of the year" in text
    assert f"/ramp/{late.pk}/" in text
    # A month of sleep leaves one digest, and what was settled before it was told is not in it.
    confirm_level(
        actor=SYSTEM,
        plan=late,
        level="20",
        now=at(
            42,
            8,
        )
        + timedelta(minutes=30),
    )
    assert [tick(at(42, 20)), tick(at(42, 20))] == [1, 0]
    deliver_due(at(42, 20))
    assert mail.outbox[-1].subject == "Ramp, 13 April 2026: 1 overdue, 1 held"
    assert "AV Sales" not in mail.outbox[-1].body


@pytest.mark.django_db
def test_quiet_hours_put_messages_off_and_lose_none() -> None:
    anna, ben = make_user("anna", "approver"), make_user("ben", "approver")
    make_stored()
    PersonSettings.objects.create(user=anna, timezone="Asia/Kolkata")
    for wrong in ((time(1), None), (time(1), time(1)), (time(1), time(0))):
        with pytest.raises(RemindingError):
            set_reminding(
                actor=SYSTEM, user=anna, digest=False, quiet_from=wrong[0], quiet_until=wrong[1]
            )
    for _ in range(2):
        set_reminding(
            actor=SYSTEM, user=anna, digest=False, quiet_from=time(14), quiet_until=time(18, 30)
        )
    assert AuditEvent.objects.filter(code="person.reminding_set").count() == 1
    tick(at(0, 10))  # 15:30 in Kolkata
    assert deliver_due(at(0, 10)) == 1
    assert sent()[0][0] == ben.username
    assert deliver_due(at(0, 12)) == 0
    waiting = OutboxMessage.objects.get(sent_at=None)
    assert waiting.due_at == at(0, 13)
    tick(at(0, 13))
    assert [deliver_due(at(0, 13)), deliver_due(at(0, 13))] == [1, 0]


@pytest.mark.django_db
@responses.activate
def test_webhooks_get_each_reminder_once_in_words_that_call_nobody(settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = ["hooks.example.org"]
    make_user("anna", "approver")
    plan = climb(make_stored(scan_policy="AV <!channel> & more"), 1)
    tick(at(10))
    assert not AuditEvent.objects.filter(code="ramp.reminded").exists(), "nobody waits for it"
    create_webhook(actor=SYSTEM, name="chat", url=URL, codes=["ramp."])
    responses.post(URL, status=204)
    for hour in (10, 10, 11):
        tick(at(11, hour))
        send_webhooks(at(11, hour))
    assert len(responses.calls) == 1
    body = json.loads(responses.calls[0].request.body or b"")
    assert body["type"] == "ramp.reminded"
    assert body["text"].startswith("Level 20, 1 day overdue: AV &lt;!channel&gt; &amp; more")
    assert body["text"].endswith(f"/ramp/{plan.pk}/")
    assert body["data"]["details"]["due_on"] == "2026-03-12"
    tick(at(40))
    assert AuditEvent.objects.filter(code="ramp.reminded").count() == 2, "one for a month of sleep"


@pytest.mark.django_db
def test_a_person_has_one_calendar_of_all_plans_that_he_sees(client: Any) -> None:
    sales = make_group(SALES)
    anna = make_user("anna", "viewer", sales)
    make_stored(sales)
    make_stored(sales, track="keyloggers")
    make_stored(make_group("My Company\\Lab"), scan_policy="AV Lab")
    names = {
        str(event["summary"]).split(":")[0]
        for event in Calendar.from_ical(feed_of_person(anna, at(1))).walk("VEVENT")
    }
    assert names == {"AV Sales"}
    old, new = (make_own_link(actor=SYSTEM, user=anna) for _ in range(2))
    assert (person_by_secret(old), person_by_secret(new), person_by_secret("")) == (
        None, anna, None,
    )  # fmt: skip
    assert client.get(reverse("own-calendar", args=[new])).status_code == 200
    anna.is_active = False
    anna.save()
    assert client.get(reverse("own-calendar", args=[new])).status_code == 404


@pytest.mark.django_db
def test_the_page_takes_and_refuses_settings_and_shows_what_is_due(client: Any) -> None:
    anna = make_user("anna", "approver")
    make_stored()
    client.force_login(anna)
    page = reverse("reminding")
    r = client.post(page, {"digest": "on", "quiet_from": "07:00", "quiet_until": "06:00"})
    assert r.status_code == 200
    assert "at most 16 hours" in r.content.decode()
    r = client.post(page, {"digest": "on", "quiet_from": "22:00", "quiet_until": "07:00"})
    assert r.status_code == 302
    text = client.get(page).content.decode()
    assert 'value="22:00"' in text
    assert "AV Sales" in text
    assert "overdue" in text
    assert client.post(page, {}).status_code == 302
    chosen = PersonSettings.objects.get(user=anna)
    assert (chosen.digest, chosen.quiet_from) == (False, None)
    r = client.post(reverse("own-calendar-link"))
    assert "/calendar/own/" in r.content.decode()


@pytest.mark.django_db
def test_the_command_does_what_the_page_does(capsys: Any) -> None:
    anna = make_user("anna", "approver")
    make_stored()

    def run(*given: str) -> dict[str, Any]:
        call_command("reminders", "--user", "anna", "--json", *given)
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    with pytest.raises(CommandError, match="at most 16 hours"):
        run("--quiet", "07:00", "06:00")
    with pytest.raises(CommandError, match="No active user"):
        call_command("reminders", "--user", "nobody")
    assert run("--quiet", "22:00", "07:00")["digest"] is False
    told = run("--digest", "on")
    assert (told["quiet_from"], told["quiet_until"]) == ("22:00:00", "07:00:00"), "as it was"
    assert told == Caller(anna).get("me/reminders/").json()
    assert told["now"][0]["title"].startswith("AV Sales")
    secret = run("--new-calendar", "--no-quiet")["calendar"].rpartition("/")[2]
    assert person_by_secret(secret.removesuffix(".ics")) == anna
    call_command("reminders", "--user", "anna")
    assert "One message each morning.\nQuiet hours: none, " in capsys.readouterr().out
