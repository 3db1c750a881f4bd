"""A file of 200 MB, through each door: a clear error, and no more of it read than is allowed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from exceptions_app.export.template_file import open_template
from exceptions_app.importing.read import MOST_BYTES, read_rules
from tests.exceptions_app.acts import make_policy
from tests.make import make_group, make_user
from tests.tokens import PROBLEM, Caller
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 200 << 20


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """Sparse: it has the size, and takes no room."""
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b"{")
        file.truncate(SIZE)
    return path


@pytest.mark.parametrize("door", [read_rules, open_template])
def test_readers_stop_at_their_limit(door: Callable[[Any], Any], huge: Path) -> None:
    with huge.open("rb") as file:
        with pytest.raises(Exception, match=r"more than \d+ MB"):
            door(file)
        assert file.tell() <= MOST_BYTES + 1


@pytest.mark.django_db
def test_commands_say_so(huge: Path) -> None:
    make_policy("Sales", make_group("My Company\\Sales").path)
    events = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="more than 32 MB"):
        call_command("import_policy", str(huge), "--policy", "Sales")
    with pytest.raises(CommandError, match="more than 64 MB"):
        call_command("import_status", str(huge))
    assert AuditEvent.objects.count() == events


@pytest.mark.django_db
def test_rest_receives_nothing_of_a_body_that_is_too_long() -> None:
    class Body(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("nothing of it is asked for")

    group = make_group("My Company\\Sales")
    policy = make_policy("Sales", group.path)
    tool = Caller(make_user("ada", "analyst", group))
    for address, kind in (
        (f"policies/{policy.pk}/import/", "application/octet-stream"),
        (f"policies/{policy.pk}/import/", "multipart/form-data; boundary=x"),
        ("arrival/status/", "multipart/form-data; boundary=x"),
    ):
        sent: Any = {"wsgi.input": Body(), "CONTENT_LENGTH": str(SIZE)}
        r = tool.client.generic("POST", f"/api/v1/{address}", b"", kind, **sent)
        assert (r.status_code, r["Content-Type"]) == (413, PROBLEM)
        assert "more than" in r.json()["detail"]
