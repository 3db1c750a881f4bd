"""What a process loads at its start stays until it ends: later collections need not look at it.

Django and what it loads are some hundred thousand objects. A full collection of garbage looks at
all of them, which takes a third of a second and falls into whatever request or tick is at work.
"""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings

# New objects before the young ones are looked at. 700 is Python's; a page makes ten thousands.
YOUNG = 10_000


def settle() -> None:
    """Call once in a process that lives on, when Django is set up: load the pages too, and leave
    everything so far out of collections. In a process that forks, its children share it."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
