"""The targets by name, and what a download of one is."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.export import bundle, fingerprints, sepm_rest, worksheet
from exceptions_app.export.legal_name import file_name
from truscan.ingest.collector import resting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exceptions_app.export.content import Package
    from exceptions_app.export.findings import Finding

CONTENT_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "zip": "application/zip",
}
# The oldest moment that a zip can tell: no clock gets into an export.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """`name` is the word of command line and API, `label` and `serves` are for people."""

    name: str
    label: str
    serves: str
    files: Callable[[Package], dict[str, bytes]]
    warnings: Callable[[Package], list[Finding]]


@dataclass(frozen=True, slots=True)
class Download:
    """One body with its name and type; `sha256` of the body serves as its ETag."""

    name: str
    content_type: str
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


TARGETS: dict[str, Target] = {
    one.name: one
    for one in (
        Target(
            "bundle",
            "Policy file",
            "Policy tooling: one documented JSON file with everything",
            bundle.files,
            bundle.warnings,
        ),
        Target(
            "sepm-rest-v2",
            "SEPM 14 REST, version 2",
            "A SEPM 14 server, by its REST interface",
            sepm_rest.files_v2,
            sepm_rest.warnings,
        ),
        Target(
            "sepm-rest-v1",
            "SEPM 14 REST, version 1",
            "A SEPM 14 server whose interface has no version 2",
            sepm_rest.files_v1,
            sepm_rest.warnings,
        ),
        Target(
            "worksheet",
            "SEP 11 worksheet",
            "A SEP 11 console: a sheet and a page to print, with each click",
            worksheet.files,
            worksheet.warnings,
        ),
        Target(
            "fingerprints",
            "Fingerprint lists",
            "System Lockdown: the hashes of Terminate decisions",
            fingerprints.files,
            fingerprints.warnings,
        ),
    )
}


def export(package: Package, target: str) -> dict[str, bytes]:
    """Files by name (a name may hold a folder, with "/"), sorted; the same state, the same bytes.

    KeyError for a target that does not exist, ExportRefused with every finding.
    """
    with resting():
        return dict(sorted(TARGETS[target].files(package).items()))


def warnings(package: Package, target: str) -> list[Finding]:
    """What to read the export with; none of it stops it."""
    return TARGETS[target].warnings(package)


def download(package: Package, target: str, name: str | None = None) -> Download:
    """The target as one body: its only file, the file called `name`, or all of them as a zip.

    KeyError when the target has no file of that name.
    """
    files = export(package, target)
    if name is None and len(files) == 1:
        name = next(iter(files))
    stem = f"{file_name(package.subject)}-{target}"
    if name is None:
        return Download(f"{stem}.zip", CONTENT_TYPES["zip"], as_zip(files))
    extension = name.rpartition(".")[2]
    return Download(f"{stem}.{extension}", CONTENT_TYPES[extension], files[name])


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """A zip of the same bytes on every machine: sorted, stored, without times.

    Stored, since two versions of a compressor may pack the same bytes differently.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            add_member(archive, name, files[name])
    return out.getvalue()


def add_member(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    member = zipfile.ZipInfo(name, _NO_TIME)
    member.create_system = 3  # Unix, wherever this runs: Python would say Windows there
    member.external_attr = 0o644 << 16
    archive.writestr(member, body)
