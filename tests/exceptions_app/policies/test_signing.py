"""Signatures that openssl checks, with nothing of this project at hand."""

from __future__ import annotations

import base64
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.urls import reverse

from exceptions_app.policies.publish import publish
from exceptions_app.policies.signing import fits, is_ours, public_pem, sign
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_process, make_user

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings

    from exceptions_app.models.policy import Revision

pytestmark = pytest.mark.django_db
KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="  # RFC 8032, 7.1, test 1
PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.fixture
def revision(settings: Settings) -> Revision:
    settings.SIGNING_KEY = KEY
    policy = make_policy("Sales")
    give(make_process("größe.exe"), policy)
    return publish(actor=SYSTEM, policy=policy, now=NOW)


def test_it_signs_as_the_standard_says(settings: Settings) -> None:
    settings.SIGNING_KEY = KEY
    signature, public_key = sign("")
    assert public_key == PUBLIC
    assert base64.b64decode(signature).hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_a_changed_text_or_key_does_not_fit(revision: Revision, settings: Settings) -> None:
    assert fits(revision)
    assert is_ours(revision)
    revision.canonical += " "
    assert not fits(revision)
    revision.canonical = revision.canonical[:-1]
    revision.public_key = "AAAA"
    assert not fits(revision)
    settings.SIGNING_KEY = ""
    assert not is_ours(revision)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_openssl_says_the_same(revision: Revision, client: Client, tmp_path: Path) -> None:
    client.force_login(make_user("owner", "administrator"))
    files = {"text": "revision-json", "signature": "revision-sig"}
    for name, address in files.items():
        r = client.get(reverse(address, args=[revision.policy_id, 1]))
        (tmp_path / name).write_bytes(r.content)
    (tmp_path / "key.pem").write_text(public_pem())
    words = "pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature"
    command = ["openssl", *words.split()]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "text").write_bytes(b"other")
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 1


def test_without_a_key_it_publishes_unsigned_and_says_so(
    client: Client, settings: Settings
) -> None:
    settings.SIGNING_KEY = ""
    policy = make_policy("Sales")
    revision = publish(actor=SYSTEM, policy=policy, now=NOW)
    assert (revision.signature, fits(revision), is_ours(revision)) == ("", False, False)
    client.force_login(make_user("owner", "administrator"))
    page = client.get(reverse("revision", args=[policy.pk, 1])).content.decode()
    assert "no SIGNING_KEY was set" in page
    assert client.get(reverse("revision-sig", args=[policy.pk, 1])).status_code == 404
    with pytest.raises(CommandError, match="not set"):
        call_command("signing_key")


@pytest.mark.parametrize("key", ["soon", "AAAA", "not base64!"])
def test_a_wrong_key_is_refused(key: str, settings: Settings) -> None:
    settings.SIGNING_KEY = key
    with pytest.raises(ImproperlyConfigured, match="openssl rand"):
        sign("text")
