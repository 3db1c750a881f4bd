from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.db import connection

from tests.make import SYSTEM, make_user
from tests.truscan.ramp.plans import at, climb, make_stored
from truscan.audit import verify
from truscan.delivery.outbox import deliver_due
from truscan.models.delivery import OutboxMessage
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import back, confirm_level
from truscan.ramp.errors import RampError
from truscan.ramp.tick import tick

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(number: int, work: Callable[[], object]) -> list[object]:
    """Run `work` in so many threads that start together; what each returned or raised."""
    start, found = threading.Barrier(number), list[object]()

    def run() -> None:
        start.wait()
        try:
            found.append(work())
        except RampError as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_beats_at_once_remind_once() -> None:
    make_user("anna", "approver")
    make_user("ben", "approver")  # administrators hear when it is overdue
    make_stored()
    at_once(4, lambda: (tick(at(0)), deliver_due(at(0))))
    assert OutboxMessage.objects.count() == 2
    assert sorted(message.to[0] for message in mail.outbox) == [
        "anna@example.org",
        "ben@example.org",
    ]


def test_two_confirmations_at_once_are_one() -> None:
    plan = climb(make_stored(), 1)
    at_once(4, lambda: confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(10)))
    assert plan.events.filter(kind="confirmed").count() == 2
    assert verify()[2] == []


def test_two_steps_back_at_once_are_one() -> None:
    plan = climb(make_stored(), 3)
    at_once(4, lambda: back(actor=SYSTEM, plan=plan, level="20", reason="flood", now=at(21)))
    assert plan.events.filter(kind="back").count() == 1


def test_two_equal_plans_at_once_are_one() -> None:
    make_stored()
    RampPlan.objects.all().update(ended_at=at(-4))
    at_once(4, make_stored)
    assert RampPlan.objects.filter(ended_at=None).count() == 1
