"""Every target's bytes for one fixed package, as reviewed and kept under golden/.

After a meant change: `UPDATE_GOLDEN=1 pytest tests/exceptions_app/export/test_golden.py`, and
review the difference.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from exceptions_app.export.state import RENDERING
from exceptions_app.export.targets import TARGETS, as_zip, export
from tests.exceptions_app.export.revisions import sales_and_laptops, with_hashes_only

GOLDEN = Path(__file__).with_name("golden")
HASHES_ONLY = {"sepm-rest-v1", "sepm-rest-v2", "fingerprints"}

# Prints the SHA-256 of the zip of each target; run in processes with another clock and language.
PROGRAM = """
import hashlib, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
import django
django.setup()
from tests.exceptions_app.export.test_golden import files_of
from exceptions_app.export.state import RENDERING
from exceptions_app.export.targets import TARGETS, as_zip
for name in TARGETS:
    print(name, hashlib.sha256(as_zip(files_of(name))).hexdigest())
"""


def files_of(target: str) -> dict[str, bytes]:
    package = sales_and_laptops()
    return export(with_hashes_only(package) if target in HASHES_ONLY else package, target)


@pytest.mark.parametrize("target", TARGETS)
def test_bytes_are_those_kept(target: str, settings: Settings) -> None:
    settings.SIGNING_KEY = ""
    folder = GOLDEN / target
    files = files_of(target)
    if os.environ.get("UPDATE_GOLDEN"):
        for name, body in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(body)
    kept = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert files == kept


def test_polls_forget_what_was_rendered_otherwise() -> None:
    """When this fails, raise RENDERING: else a poll may find "unchanged" what is written anew."""
    kept = sorted(p for p in GOLDEN.rglob("*") if p.is_file())
    told = hashlib.sha256(b"".join(hashlib.sha256(p.read_bytes()).digest() for p in kept))
    assert (RENDERING, told.hexdigest()[:16]) == (2, "4255c664fe020922")


def test_other_zones_languages_and_hash_seeds_give_the_same_bytes() -> None:
    surroundings = [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONUTF8": "0"},
    ]
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **extra},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for extra in surroundings
    }
    assert len(told) == 1
    assert len(told.pop().splitlines()) == len(TARGETS)


def test_a_zip_has_no_clock_and_no_machine() -> None:
    files = {"b.txt": b"2", "a/ü.txt": b"1"}
    assert as_zip(files) == as_zip(dict(reversed(files.items())))
