"""API tokens: one way to make them, one way to check them; only a digest is stored.

A token reads `tst_<prefix>_<secret>`; the prefix finds the row, the digest proves the secret. The
secret has 256 bits of chance, so a plain SHA-256 is enough (no guessing to slow down).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from truscan import audit
from truscan.models.access import ApiToken

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor

SCOPES = ("read", "import", "decide", "publish", "ramp", "admin")
MAX_DAYS = 366
USED_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is: not a write per request


class TokenError(Exception):
    """A token could not be made; the text says what to change."""


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, actor: Actor, user: User, name: str, scopes: list[str], days: int, now: datetime
) -> tuple[ApiToken, str]:
    """The row and the token's text, which is shown once and stored nowhere."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise TokenError(f"Choose scopes among {', '.join(SCOPES)}.")
    if not 1 <= days <= MAX_DAYS:
        raise TokenError(f"A token lives 1 to {MAX_DAYS} days.")
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=now + timedelta(days=days),
    )
    audit.record(
        "token.created",
        actor=actor,
        obj=token,
        after={"user": user.get_username(), "scopes": token.scopes, "days": days},
    )
    return token, f"tst_{prefix}_{secret}"


def find_token(text: str, now: datetime) -> ApiToken | None:
    """The valid token that this text proves, else None."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "tst" or not parts[1].isalnum():
        return None
    token = ApiToken.objects.select_related("user").filter(prefix=parts[1]).first()
    if token is None or not hmac.compare_digest(token.digest, digest_of(parts[2])):
        return None
    if token.revoked_at or token.expires_at <= now or not token.user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken, now: datetime) -> None:
    """End a token; ending an ended one changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        audit.record("token.revoked", actor=actor, obj=token)
