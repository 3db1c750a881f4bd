"""The documents that describe the API and the bundle."""

from __future__ import annotations

from importlib import resources

import pytest
from django.core.management import call_command
from django.test import Client

from tests.make import make_user
from tests.tokens import Caller


def test_the_openapi_document_is_valid_and_without_warnings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "/api/v1/groups/{id}/policy/" in capsys.readouterr().out


def test_the_schema_of_the_bundle_is_for_everybody() -> None:
    r = Client().get("/api/v1/policy.schema.json")
    assert r["Content-Type"] == "application/schema+json"
    published = resources.files("exceptions_app.export").joinpath("bundle.schema.json")
    assert r.content == published.read_bytes()


@pytest.mark.django_db
def test_a_token_reads_the_openapi_document() -> None:
    caller = Caller(make_user("tool", "viewer"), ("read",))
    first, again = caller.get("schema/"), caller.get("schema/?format=json")
    assert first["Content-Type"].startswith("application/vnd.oai.openapi")
    assert b"/api/v1/groups/{id}/policy/" in first.content
    assert again.json()["paths"]["/api/v1/groups/{id}/policy/"]
