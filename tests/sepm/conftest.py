from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.sepm.setup import save_server
from tests.make import SYSTEM
from tests.sepm.certificate import Identity, make_identity
from tests.sepm.https_server import serving
from tests.sepm.servers import facts, publish_for
from tests.sepm.simulated import PASSWORD, Simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmServer


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("ca"), "authority", host="authority.test")


@pytest.fixture(scope="session")
def identity(authority: Identity, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "sepm", by=authority)


@pytest.fixture
def sepm(settings: Any) -> Simulated:
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
    return Simulated()


@pytest.fixture
def address(sepm: Simulated, identity: Identity) -> Iterator[str]:
    with serving(sepm, identity) as at:
        yield at


@pytest.fixture
def at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run in the test, and reads are not repeated after a pause."""
    settings.HAS_BROKER = False
    monkeypatch.setattr("exceptions_app.sepm.client.PAUSES", ())


@pytest.fixture
def server(db: None, at_once: None, address: str, authority: Identity) -> SepmServer:
    return save_server(actor=SYSTEM, given=facts(address, authority), password=PASSWORD)


@pytest.fixture
def policy(db: None, sepm: Simulated) -> Policy:
    return publish_for(sepm)
