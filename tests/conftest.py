from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.storage import default_storage
from django.utils.functional import empty

from tests.flush import lift_guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def uploads_in_a_folder_of_their_own(tmp_path: Path, settings: object) -> None:
    """No test writes into the uploads of this checkout."""
    settings.MEDIA_ROOT = tmp_path / "uploads"  # type: ignore[attr-defined]
    default_storage._wrapped = empty  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def static_files_from_the_packages(tmp_path: Path, settings: object) -> None:
    """A checkout on which nothing was collected yet has no folder of static files."""
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture(autouse=True, scope="session")
def tables_can_be_emptied() -> Iterator[None]:
    """Tests that commit are cleaned up, the guarded ledger included."""
    with pytest.MonkeyPatch.context() as patch:
        yield from lift_guard(patch)
