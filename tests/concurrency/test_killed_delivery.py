from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from tests.database import database_url
from truscan.delivery.outbox import LEASE, deliver_due, put
from truscan.models.delivery import OutboxMessage

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENDER = f"""
import django
from datetime import datetime
django.setup()
from django.conf import settings
settings.EMAIL_BACKEND = "tests.concurrency.stuck_mail.NeverAnswers"
from truscan.delivery.outbox import deliver_due
deliver_due(datetime.fromisoformat("{NOW.isoformat()}"))
"""


def test_a_sender_that_is_killed_loses_and_doubles_nothing() -> None:
    put(
        [
            OutboxMessage(
                key="a", channel="email", subject="Due", body="Set it.", due_at=NOW, address="a@b.c"
            )
        ]
    )
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", SENDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as sender:
        assert sender.stdout is not None
        assert sender.stdout.readline() == b"sending\n"
        assert deliver_due(NOW + timedelta(minutes=1)) == 0
        sender.kill()
    message = OutboxMessage.objects.get()
    assert (message.sent_at, message.attempts) == (None, 1)
    assert deliver_due(NOW + LEASE - timedelta(seconds=1)) == 0
    assert deliver_due(NOW + LEASE) == 1
    assert deliver_due(NOW + LEASE * 2) == 0
    assert len(mail.outbox) == 1
