"""A clock for walks that take months: it moves for this process and the live server's threads.

There is no such thing in the program itself: tests replace the time under it. Chromium and
PostgreSQL keep the real one, which no page and no rule of the product reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import time_machine

if TYPE_CHECKING:
    from datetime import datetime


class Clock:
    """Goes on from the moment that it was moved to, until it is stopped."""

    def __init__(self) -> None:
        self._moved: time_machine.travel | None = None

    def move_to(self, at: datetime) -> None:
        self.stop()
        self._moved = time_machine.travel(at, tick=True)
        self._moved.start()

    def stop(self) -> None:
        if self._moved is not None:
            self._moved.stop()
            self._moved = None
