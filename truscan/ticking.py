"""What the beat does every few seconds. A doubled, late or missed tick changes nothing.

Parts register here in `TICKS`; each takes `now`, is idempotent, and one that fails does not keep
the others from running.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connection, transaction

from truscan.models.delivery import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

log = logging.getLogger(__name__)

TICKS: dict[str, Callable[[datetime], object]] = {}
LOCK = 0x7469_636B  # one number for one purpose: only one tick runs at a time


def register(name: str, part: Callable[[datetime], object]) -> None:
    """Add a part of the tick; called from `AppConfig.ready()`."""
    TICKS[name] = part


def tick_once(now: datetime) -> bool:
    """Run all parts; False if another tick is running just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        return False
    try:
        for name, part in list(TICKS.items()):
            try:
                part(now)
            except Exception:
                log.exception("tick part %s failed", name)
        beat(now, "tick")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return True


def beat(now: datetime, name: str) -> None:
    """Note a sign of life; the age is shown on the page and by /readyz."""
    with transaction.atomic():
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
