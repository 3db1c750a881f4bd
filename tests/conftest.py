from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any
from uuid import uuid4

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


settings.register_profile("this run", max_examples=cases(100), deadline=None)
settings.load_profile("this run")

# Whole files go to a worker, one after the other. These take longest and begin, so that no worker
# is left with one of them while the others are done; all else stays in random order. The second
# worker has some that need no database while the first one makes the template.
LONG = (
    "test_permission_table.py", "test_lives.py", "test_properties.py", "test_gates.py",
    "test_supervisor.py", "test_accessibility.py", "test_property.py", "test_golden.py",
    "test_embedded.py", "test_import_at_once.py",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(name) if (name := item.path.name) in LONG else len(LONG))


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay to the end: no collection looks at them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Test databases are copied from one in which all migrations have run."""
    if IS_EMBEDDED:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests of a worker: to make one for each takes longer than many of them."""
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(autouse=True)
def folders_of_its_own(folder: Path, settings: Any) -> None:
    """No test writes into the uploads of this checkout, and none meets those of another; a checkout
    on which nothing was collected yet has no folder of static files."""
    settings.MEDIA_ROOT = folder / "uploads" / uuid4().hex
    settings.STATIC_ROOT = folder
    default_storage._wrapped = empty  # type: ignore[attr-defined]


@pytest.fixture(autouse=True, scope="session")
def tables_can_be_emptied() -> Iterator[None]:
    """Tests that commit are cleaned up, the guarded ledger included."""
    with pytest.MonkeyPatch.context() as patch:
        yield from lift_guard(patch)
