from __future__ import annotations

from datetime import timedelta

import pytest

from tests.make import NOW, SYSTEM, make_user
from truscan.access.tokens import TokenError, create_token, find_token, revoke_token
from truscan.models.access import ApiToken
from truscan.models.audit import AuditEvent

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    user = make_user("member", "viewer")
    token, text = create_token(
        actor=SYSTEM, user=user, name="tooling", scopes=["read"], days=30, now=NOW
    )
    assert find_token(text, NOW) == token
    assert text.startswith(f"tst_{token.prefix}_")


def test_the_secret_is_stored_nowhere() -> None:
    user = make_user("member", "viewer")
    token, text = create_token(
        actor=SYSTEM, user=user, name="tooling", scopes=["read"], days=30, now=NOW
    )
    secret = text.split("_", 2)[2]
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values())
    assert secret not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("damage", ["", "tst_", "x", "tst_00000000_abc", "tst__"])
def test_it_rejects_other_texts(damage: str) -> None:
    assert find_token(damage, NOW) is None


def test_it_rejects_a_changed_secret() -> None:
    user = make_user("member", "viewer")
    _, text = create_token(actor=SYSTEM, user=user, name="x", scopes=["read"], days=1, now=NOW)
    assert find_token(text[:-1] + ("a" if text[-1] != "a" else "b"), NOW) is None


def test_it_ends_by_expiry_revocation_and_a_closed_account() -> None:
    user = make_user("member", "viewer")
    token, text = create_token(actor=SYSTEM, user=user, name="x", scopes=["read"], days=1, now=NOW)
    assert find_token(text, NOW + timedelta(days=1)) is None
    user.is_active = False
    user.save()
    assert find_token(text, NOW) is None
    user.is_active = True
    user.save()
    assert find_token(text, NOW) == token
    revoke_token(actor=SYSTEM, token=token, now=NOW)
    revoke_token(actor=SYSTEM, token=token, now=NOW)
    assert find_token(text, NOW) is None
    assert AuditEvent.objects.filter(code="token.revoked").count() == 1


@pytest.mark.parametrize(
    ("scopes", "days"), [(["read", "everything"], 10), ([], 10), (["read"], 0), (["read"], 9999)]
)
def test_it_rejects_unknown_scopes_and_endless_tokens(scopes: list[str], days: int) -> None:
    user = make_user("member", "viewer")
    with pytest.raises(TokenError):
        create_token(actor=SYSTEM, user=user, name="x", scopes=scopes, days=days, now=NOW)
