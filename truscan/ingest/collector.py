"""Python's garbage collector does not go together with imports, nor with large exports."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """No collection meanwhile: it finds nothing among records, and walking the dictionaries of
    ids again and again more than doubles the time of reading, and adds a third to an export's."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def sweep() -> None:
    """Between two chunks: what the database driver left in cycles, among young objects only."""
    gc.collect(0)
