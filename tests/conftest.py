from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.functional import empty
from hypothesis import settings

from tests.cases import cases
from tests.flush import lift_guard
from tests.settings import IS_EMBEDDED
from tests.template_database import migrated_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any


settings.register_profile("this run", max_examples=cases(100), deadline=None)
settings.load_profile("this run")

# Whole files go to a worker, one after the other. These take longest and begin, so that no worker
# is left with one of them while the others are done; all else stays in random order.
LONG = (
    "test_permission_table.py", "test_supervisor.py", "test_accessibility.py", "test_property.py",
    "test_golden.py", "test_lives.py", "test_gates.py", "test_embedded.py",
    "test_import_at_once.py",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(name) if (name := item.path.name) in LONG else len(LONG))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Test databases are copied from one in which all migrations have run."""
    if IS_EMBEDDED:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template()


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
