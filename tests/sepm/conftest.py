from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sepm.certificate import Identity, make_identity
from tests.sepm.https_server import serving
from tests.sepm.simulated import Simulated

if TYPE_CHECKING:
    from collections.abc import Iterator


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
