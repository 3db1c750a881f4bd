from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from truscan.models.access import RoleGrant
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db


def call(name: str, *args: str) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_it_works(tmp_path: Path) -> None:
    """The first start makes the administrator and asks for the demo; the second does neither."""
    wanted = tmp_path / "demo.wanted"
    out = call("prepare", "--demo-wanted", str(wanted))
    assert "Sign in as admin with the password" in out
    assert wanted.exists()
    wanted.unlink()
    assert "password" not in call("prepare", "--demo-wanted", str(wanted))
    assert not wanted.exists()
    assert User.objects.count() == 1


def test_no_demo_where_it_is_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "0")
    call("prepare", "--demo-wanted", str(tmp_path / "demo.wanted"))
    assert not (tmp_path / "demo.wanted").exists()


def test_the_password_printed_is_the_one_that_works() -> None:
    told = json.loads(call("make_admin", "--json"))
    admin = User.objects.get(username="admin")
    assert admin.check_password(told["password"])
    assert RoleGrant.objects.get(user=admin).role == "administrator"
    assert RoleGrant.objects.get(user=admin).group is None


def test_a_second_call_keeps_the_password_and_a_new_one_replaces_it() -> None:
    first = json.loads(call("make_admin", "--json"))["password"]
    assert json.loads(call("make_admin", "--json"))["password"] is None
    assert User.objects.get(username="admin").check_password(first)
    second = json.loads(call("make_admin", "--new-password", "--json"))["password"]
    assert User.objects.get(username="admin").check_password(second)
    codes = list(AuditEvent.objects.order_by("id").values_list("code", flat=True))
    assert codes == ["person.created", "role.granted", "person.password_reset"]
