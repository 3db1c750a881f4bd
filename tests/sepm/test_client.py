from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import requests

from exceptions_app.sepm import errors
from exceptions_app.sepm.client import Access, Client, object_id
from tests.sepm.certificate import make_identity
from tests.sepm.https_server import serving
from tests.sepm.simulated import PASSWORD, USER
from truscan.delivery.trust import Kind, Trust

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated


def client_of(address: str, trust: Trust, password: str = PASSWORD) -> Client:
    access = Access(f"{address}/sepm/api", USER, password, trust=trust)
    return Client(access, pause=lambda seconds: None)


@pytest.fixture
def client(address: str, authority: Identity) -> Client:
    return client_of(address, Trust(Kind.CA, ca_pem=authority.pem))


def test_it_signs_in_reads_pages_and_signs_out(client: Client, sepm: Simulated) -> None:
    for name in "abcdefg":
        sepm.group(f"My Company\\{name}")
    with client:
        paths = [row["fullPathName"] for row in client.pages("v1/groups")]
    assert paths == [f"My Company\\{name}" for name in "abcdefg"]
    assert sepm.seen == [
        "POST v1/identity/authenticate", "GET v1/groups", "GET v1/groups", "GET v1/groups",
        "POST v1/identity/logout",
    ]  # fmt: skip
    assert sepm.tokens == {}


def test_a_server_that_drops_used_connections_does_not_matter(
    client: Client, address: str, authority: Identity
) -> None:
    with requests.Session() as kept:
        kept.trust_env, kept.verify = False, str(authority.file)
        kept.post(f"{address}/sepm/api/v1/identity/authenticate", json={"password": ""})
        with pytest.raises(requests.ConnectionError):
            kept.post(f"{address}/sepm/api/v1/identity/authenticate", json={"password": ""})
    with client:
        assert client.get("v1/groups")["content"] == []
        assert client.get("v1/groups")["content"] == []


def test_an_ended_token_is_taken_anew_before_and_after_sepm_says_so(
    client: Client, sepm: Simulated
) -> None:
    with client:
        client.get("v1/groups")
        sepm.tokens.clear()
        client.get("v1/groups")
        assert sepm.seen.count("POST v1/identity/authenticate") == 2
        client._token_ends = 0.0
        client.get("v1/groups")
    assert sepm.seen.count("POST v1/identity/authenticate") == 3


@pytest.mark.parametrize(
    ("fault", "kind", "passes"),
    [
        (401, errors.NotAllowed, False),
        (403, errors.NotAllowed, False),
        (404, errors.NotThere, False),
        (410, errors.NotThere, False),
        (409, errors.IsThere, False),
        (400, errors.Refused, False),
        (422, errors.Refused, False),
        (302, errors.Refused, False),
        (423, errors.Locked, True),
        (500, errors.InTrouble, True),
        ("die", errors.Unreachable, True),
    ],
)
def test_errors_are_told_apart(
    client: Client, sepm: Simulated, fault: Any, kind: type[errors.SepmError], passes: bool
) -> None:
    sepm.faults["GET groups"] = [fault] * 3
    with client, pytest.raises(kind) as caught:
        client.get("v1/groups")
    assert caught.value.passes == passes


def test_reads_are_repeated_and_changes_are_not(client: Client, sepm: Simulated) -> None:
    sepm.faults["GET groups"] = ["die", 500]
    sepm.faults["POST policies"] = ["die"]
    with client:
        assert client.get("v1/groups")["content"] == []
        with pytest.raises(errors.Unreachable):
            client.send("POST", "v2/policies/exceptions", {"name": "x"})
    assert sepm.seen.count("POST v2/policies/exceptions") == 1


def test_an_error_text_instead_of_a_page_ends_the_loop(client: Client, sepm: Simulated) -> None:
    sepm.faults["GET groups"] = ["text"]
    with client, pytest.raises(errors.OddAnswer, match="is no page of a list"):
        list(client.pages("v1/groups"))


def test_a_wrong_password_is_never_repeated_by_us(
    address: str, authority: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    """The simulated server answers with the password in its error text."""
    caplog.set_level(logging.DEBUG)
    wrong = client_of(address, Trust(Kind.CA, ca_pem=authority.pem), "hunter2 wrong")
    with wrong, pytest.raises(errors.SignInRefused) as caught:
        wrong.get("v1/groups")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in caplog.text
    assert "hunter2" not in repr(wrong._access)


def test_a_certificate_that_does_not_fit_stops_before_anything_is_sent(
    sepm: Simulated, address: str, identity: Identity, authority: Identity, tmp_path: Path
) -> None:
    other = make_identity(tmp_path, "other")
    for trust in (
        Trust(Kind.SYSTEM),
        Trust(Kind.CA, ca_pem=other.pem),
        Trust(Kind.PIN, fingerprint=other.fingerprint),
    ):
        with client_of(address, trust) as refused, pytest.raises(errors.NotTheServer):
            refused.get("v1/groups")
    elsewhere = make_identity(tmp_path, "elsewhere", host="sepm.example.org", by=authority)
    with (
        serving(sepm, elsewhere) as at,
        client_of(at, Trust(Kind.CA, ca_pem=authority.pem)) as refused,
        pytest.raises(errors.NotTheServer),
    ):
        refused.get("v1/groups")
    assert sepm.seen == []
    with client_of(address, Trust(Kind.PIN, fingerprint=identity.fingerprint)) as pinned:
        assert pinned.get("v1/groups")["content"] == []


def test_private_addresses_need_the_operators_word(
    client: Client, sepm: Simulated, settings: Any
) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []
    with client, pytest.raises(errors.Blocked, match="OUTBOUND_PRIVATE_HOSTS"):
        client.get("v1/groups")
    assert sepm.seen == []


@pytest.mark.parametrize("value", ["../identity/logout", "", None, 7, "A" * 31, "A" * 32 + "\n"])
def test_only_ids_become_part_of_an_address(value: object) -> None:
    with pytest.raises(errors.OddAnswer):
        object_id(value, "a policy")
