"""A file between its dry run and the word to take it: kept for the person who sent it."""

from __future__ import annotations

import secrets
import zlib

from django.core.cache import cache

# As long as somebody reads the counts of a dry run; after that the file is chosen again.
SECONDS = 30 * 60


def keep(body: bytes, name: str, user_id: int, policy_id: int) -> str:
    """A word by which only this person finds it again, for this policy."""
    word = secrets.token_urlsafe(24)
    cache.set(_key(word, user_id, policy_id), (name, zlib.compress(body, 1)), SECONDS)
    return word


def find(word: str, user_id: int, policy_id: int) -> tuple[str, bytes] | None:
    """(name, body); None if it was too long ago, or somebody else's."""
    found: tuple[str, bytes] | None = cache.get(_key(word, user_id, policy_id))
    return (found[0], zlib.decompress(found[1])) if found else None


def _key(word: str, user_id: int, policy_id: int) -> str:
    clean = "".join(c for c in word[:64] if c.isascii() and (c.isalnum() or c in "-_"))
    return f"take-in:{user_id}:{policy_id}:{clean}"
