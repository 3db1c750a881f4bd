"""Collecting and compressing static files takes seconds; a stamp tells whether it is needed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".collected"


def fingerprint() -> str:
    """Changes with every file's name, size or time, and with the way they are stored."""
    seen = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = storage.get_modified_time(path), storage.size(path)
            seen.update(f"{path} {stat}\n".encode())
    return seen.hexdigest()


def is_collected(root: Path) -> bool:
    stamp = root / NAME
    return stamp.exists() and stamp.read_text() == fingerprint()


def note_collected(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / NAME).write_text(fingerprint())
