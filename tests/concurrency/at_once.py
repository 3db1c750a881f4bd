"""Acts of several people at the same moment, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.errors import ExceptionsError

if TYPE_CHECKING:
    from collections.abc import Callable


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own, started together; what each returned or raised."""
    start = threading.Barrier(len(works))
    found: list[object] = [None] * len(works)

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = works[number]()
        except ExceptionsError as error:
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
