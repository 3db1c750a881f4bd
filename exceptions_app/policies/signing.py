"""Detached Ed25519 signatures (RFC 8032) of revisions and dossiers.

Who has the public key needs no database.

Signed are the bytes of the canonical text. The private key is made of the setting SIGNING_KEY and
never stored; without the setting both are unsigned, and their pages say so.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from exceptions_app.models.policy import Revision


def _key() -> Ed25519PrivateKey | None:
    if not settings.SIGNING_KEY:
        return None
    try:
        seed = base64.b64decode(settings.SIGNING_KEY, validate=True)
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (binascii.Error, ValueError):
        raise ImproperlyConfigured(
            "SIGNING_KEY is not 32 bytes in base64: make one with `openssl rand -base64 32`."
        ) from None


def sign(canonical: str) -> tuple[str, str]:
    """(signature, public key), both base64; empty without a key."""
    key = _key()
    if key is None:
        return "", ""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _text(key.sign(canonical.encode())), _text(raw)


def fits(revision: Revision) -> bool:
    """True if the signature is that of the canonical text under the revision's public key.

    An unsigned revision does not fit.
    """
    return bool(revision.signature) and verifies(
        revision.canonical, revision.signature, revision.public_key
    )


def verifies(text: str, signature: str, public_key: str) -> bool:
    """True if the signature of the text was made with the private half; both in base64."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def is_ours(revision: Revision) -> bool:
    """True if the revision was signed with the key that is set today."""
    return is_key_of_today(revision.public_key)


def is_key_of_today(public_key: str) -> bool:
    return bool(public_key) and public_key == sign("")[1]


def public_pem() -> str:
    """The public half as PEM, as openssl reads it; empty without a key."""
    key = _key()
    if key is None:
        return ""
    made = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made.decode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
