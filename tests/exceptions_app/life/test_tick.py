"""The parts of the tick: doubled, late and missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.life import expiry, reminders
from exceptions_app.models.exception import LifeNotice, ProcessException
from exceptions_app.triage.amend import Terms, amend
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_process, make_user
from truscan.access.actor import Actor
from truscan.models.access import PersonSettings
from truscan.models.audit import AuditEvent
from truscan.models.delivery import OutboxMessage

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_each_expiry_is_told_once_however_late_the_tick() -> None:
    policy, owner = make_policy("Sales", "My Company"), make_user("anna", "analyst")
    soon, later, never = (make_process(f"{d}.exe", d) for d in "abc")
    give(soon, policy, expires_at=NOW + DAY, actor=Actor.on_web(owner))
    give(later, policy, expires_at=NOW + 9 * DAY)
    give(never, policy)
    assert expiry.tick(NOW) == 0
    assert [expiry.tick(NOW + DAY), expiry.tick(NOW + DAY)] == [1, 0]
    told = AuditEvent.objects.filter(code="exception.expired")
    assert told.count() == 1
    assert (told[0].object_type, told[0].means) == ("exception", "schedule")
    assert told[0].after == {
        "policy": "Sales",
        "process": soon.pk,
        "expired_at": str(NOW + DAY),
        "owner": "anna",
    }
    row = ProcessException.objects.get(process=soon, retired_at=None)
    new = Terms(None, row.review_on, row.expires_at, row.reason)
    amend(actor=SYSTEM, terms={row.pk: new}, reason="left", now=NOW + 2 * DAY)
    assert expiry.tick(NOW + 2 * DAY) == 0
    assert [expiry.tick(NOW + 99 * DAY), told.count()] == [1, 2]


def test_an_owner_gets_one_message_a_day_and_hears_nothing_twice() -> None:
    policy, anna = make_policy("Sales", "My Company"), make_user("anna", "analyst")
    PersonSettings.objects.create(user=anna, timezone="Europe/Berlin")
    mute = make_user("mute", "analyst")
    mute.email = ""
    mute.save()
    first, second, third = (make_process(f"{d}.exe", d) for d in "abc")
    by = Actor.on_web(anna)
    give(first, policy, review_on=NOW.date(), actor=by)
    give(second, policy, expires_at=NOW + 3 * DAY, actor=by)
    give(third, policy, review_on=NOW.date(), actor=Actor.on_web(mute))
    early = NOW.replace(hour=7, minute=59)
    assert [reminders.tick(early), reminders.tick(NOW), reminders.tick(NOW)] == [0, 1, 0]
    message = OutboxMessage.objects.get()
    assert message.key == f"reviews:2026-03-02:email:{anna.pk}"
    assert message.subject == "Exceptions of yours: 1 to review, 1 will expire"
    assert "a.exe" in message.body
    assert "/reviews/?owner=me" in message.body
    give(third, policy, "terminate", review_on=NOW.date(), actor=by)
    assert [reminders.tick(NOW), LifeNotice.objects.count()] == [0, 2]
    # A week without a beat: what is new is told once; what expired meanwhile is the ledger's.
    assert [reminders.tick(NOW + 7 * DAY), reminders.tick(NOW + 7 * DAY)] == [1, 0]
    assert OutboxMessage.objects.order_by("-id")[0].subject == "Exceptions of yours: 1 to review"
