from __future__ import annotations

import uuid
from hashlib import blake2b
from typing import NamedTuple

from truscan.logs.events import event_code
from truscan.logs.path_folding import generic_path
from truscan.logs.record import LogRecord

# Unit separator: cannot be typed into a name, so that ("ab", "c") and ("a", "bc") differ.
_BETWEEN = "\x1f"


def detection_key(record: LogRecord) -> int:
    """The unchanging facts of a detection as a signed 64-bit number; `event_at` completes the key.

    BLAKE2b over event code, domain, computer, hash (else name), generic path and user, without
    case. Level, action, group and Occurrences are not in it: they may change when a row is
    exported again.
    """
    return int.from_bytes(key_of(b"".join(key_parts(record))), "big", signed=True)


class KeyParts(NamedTuple):
    """What a detection's key is made of, in this order."""

    event: bytes
    computer: bytes
    file: bytes
    user: bytes


def key_parts(record: LogRecord) -> KeyParts:
    """The facts of the key, without case, each with what stands between it and the next."""
    path = generic_path(record.file_path) if record.file_path else ""
    return KeyParts(
        event_part(record.event),
        computer_part(record.domain, record.computer),
        file_part(record.hash or record.file_name or record.application_name, path),
        user_part(record.user),
    )


def computer_part(domain: str | None, computer: str | None) -> bytes:
    return _part(domain or "", computer or "", "")


def file_part(name: str | None, path: str | None) -> bytes:
    """`name` is the hash if there is one; `path` is generic."""
    return _part(name or "", path or "", "")


def user_part(user: str | None) -> bytes:
    return _part(user or "")


def event_part(event: str | None) -> bytes:
    return _part(event_code(event), "")


def _part(*facts: str) -> bytes:
    return _BETWEEN.join(facts).casefold().encode("utf-8", "surrogatepass")


def key_of(parts: bytes) -> bytes:
    """The key as the eight bytes of a big-endian number, of all parts in one."""
    return blake2b(parts, digest_size=8).digest()


def process_identity(record: LogRecord) -> uuid.UUID:
    """The process as 128 bits: its hash, else file name (or application) and generic path."""
    if record.hash:
        return hash_identity(record.hash)
    name = record.file_name or record.application_name or ""
    return _uuid("name", name, generic_path(record.file_path) if record.file_path else "")


def hash_identity(hash_: str) -> uuid.UUID:
    """The process that a list names by its hash alone; a log that tells of it later finds it."""
    return _uuid("hash", hash_)


def _uuid(*facts: str) -> uuid.UUID:
    text = _BETWEEN.join(facts).casefold()
    return uuid.UUID(bytes=blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
