from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from tests.make import make_user
from truscan.delivery.outbox import LEASE, claim, deliver_due, message_id, put
from truscan.models.delivery import OutboxMessage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BACKENDS = "tests.truscan.delivery.test_outbox"


class DeadServer(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("nobody listens")


class PickyServer(BaseEmailBackend):
    """Takes every message but those to one address."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["bad@example.org"]:
            raise ValueError("no such person")
        mail.outbox += messages
        return len(messages)


class KilledAfterTheMailServerTookIt(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        mail.outbox += messages
        raise SystemExit("killed")


def message(key: str = "ramp:1:0:due:2026-03-02:email:1", **fields: Any) -> OutboxMessage:
    fields.setdefault("address", "anna@example.org")
    return OutboxMessage(
        key=key, channel="email", subject="Due", body="Set it.", due_at=NOW, **fields
    )


def test_it_sends_what_is_due_once() -> None:
    put([message()])
    assert [deliver_due(NOW), deliver_due(NOW)] == [1, 0]
    (sent,) = mail.outbox
    assert sent.to == ["anna@example.org"]
    assert sent.extra_headers["Message-ID"] == message_id("ramp:1:0:due:2026-03-02:email:1")
    assert OutboxMessage.objects.get().sent_at == NOW


def test_it_waits_for_the_due_time() -> None:
    put([message()])
    assert deliver_due(NOW - timedelta(seconds=1)) == 0


def test_a_key_is_written_once() -> None:
    assert [put([message()]), put([message()])] == [1, 0]
    assert OutboxMessage.objects.count() == 1


def test_messages_of_the_page_are_not_mailed() -> None:
    user = make_user("anna")
    row = message(recipient=user)
    row.channel = "page"
    put([row])
    assert deliver_due(NOW) == 0


def test_a_dead_server_is_asked_again_later_and_later(settings: Any) -> None:
    put([message()])
    settings.EMAIL_BACKEND = f"{BACKENDS}.DeadServer"
    assert deliver_due(NOW) == 0
    row = OutboxMessage.objects.get()
    assert (row.last_error, row.attempts) == ("nobody listens", 1)
    assert row.due_at == NOW + timedelta(minutes=1)
    deliver_due(row.due_at)
    row.refresh_from_db()
    assert row.due_at == NOW + timedelta(minutes=3)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver_due(row.due_at) == 1


def test_the_wait_never_passes_an_hour(settings: Any) -> None:
    put([message(attempts=5000)])
    settings.EMAIL_BACKEND = f"{BACKENDS}.DeadServer"
    deliver_due(NOW)
    assert OutboxMessage.objects.get().due_at == NOW + timedelta(hours=1)


def test_one_bad_address_does_not_stop_the_others(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{BACKENDS}.PickyServer"
    put([message("a", address="bad@example.org"), message("b"), message("c")])
    assert deliver_due(NOW) == 2


def test_a_sender_killed_before_sending_loses_nothing() -> None:
    put([message()])
    pk = OutboxMessage.objects.get().pk
    assert claim(pk, NOW)
    assert deliver_due(NOW + timedelta(minutes=1)) == 0
    assert deliver_due(NOW + LEASE) == 1
    assert len(mail.outbox) == 1


def test_a_sender_killed_after_sending_repeats_itself_recognisably(settings: Any) -> None:
    put([message()])
    settings.EMAIL_BACKEND = f"{BACKENDS}.KilledAfterTheMailServerTookIt"
    with pytest.raises(SystemExit):
        deliver_due(NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver_due(NOW + timedelta(minutes=1)) == 0
    assert deliver_due(NOW + LEASE) == 1
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_claimed_message_is_not_claimed_again() -> None:
    put([message()])
    pk = OutboxMessage.objects.get().pk
    assert [claim(pk, NOW), claim(pk, NOW)] == [True, False]
