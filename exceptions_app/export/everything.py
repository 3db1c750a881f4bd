"""Every published policy in every target as one zip, with a manifest and checksums.

A folder per policy, not per group: groups that inherit would repeat the same rules thousands of
times. `manifest.json` says which policy holds for each group and location.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import IO, TYPE_CHECKING, Any

from exceptions_app.export import canonical
from exceptions_app.export.findings import ExportRefused, NothingPublished
from exceptions_app.export.legal_name import file_name
from exceptions_app.export.targets import TARGETS, add_member, export

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exceptions_app.export.content import LocationSet, PolicyPackage

FORMAT = "truscan-export/1"
NAME = "truscan-export.zip"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


def write_everything(
    packages: Sequence[PolicyPackage], out: IO[bytes], not_yours: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the zip; returns the manifest. The same state gives the same bytes.

    A target that refuses a policy is told in the manifest's `left_out` and does not keep the
    others out; so are the policies called in `not_yours`, which the person may not export.
    NothingPublished if there is no file to write.
    """
    files: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = [_not_yours(name) for name in sorted(not_yours)]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for package in packages:
            for target in TARGETS:
                try:
                    made = export(package, target)
                except ExportRefused as refused:
                    left_out.append(_refused(package.policy, target, refused))
                    continue
                for name, body in made.items():
                    path = f"policies/{file_name(package.policy)}/{target}/{name}"
                    files.append(_told(path, body))
                    add_member(archive, path, body)
        if not files:
            raise NothingPublished(_why_empty(left_out))
        manifest = _manifest(packages, files, left_out)
        body = canonical.pretty(manifest)
        add_member(archive, MANIFEST, body)
        add_member(archive, SUMS, _sums([*files, _told(MANIFEST, body)]))
    return manifest


def _manifest(
    packages: Sequence[PolicyPackage],
    files: list[dict[str, Any]],
    left_out: list[dict[str, Any]],
) -> dict[str, Any]:
    places = [place for package in packages for place in package.places]
    return {
        "format": FORMAT,
        "policies": [
            {
                "name": package.policy,
                "folder": f"policies/{file_name(package.policy)}",
                "revision": one.number,
                "revision_sha256": one.sha256,
                "rules": len(one.entries),
            }
            for package in packages
            for one in package.sets
        ],
        "in_force": [
            _place(place)
            for place in sorted(places, key=lambda p: (p.domain, p.group, p.location or ""))
        ],
        "files": files,
        "left_out": left_out,
    }


def _place(place: LocationSet) -> dict[str, Any]:
    return {
        "domain": place.domain,
        "group": place.group,
        "location": place.location,
        "policy": place.policy,
        "revision": place.revision,
        "owner_group": place.owner_group,
        "inherited": place.inherited,
    }


def _told(path: str, body: bytes) -> dict[str, Any]:
    return {"name": path, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def _sums(files: Sequence[Mapping[str, Any]]) -> bytes:
    """As `sha256sum --check` reads it. Paths are ASCII without blanks, so no line is ambiguous."""
    return "".join(f"{one['sha256']}  {one['name']}\n" for one in files).encode()


def _refused(policy: str, target: str, refused: ExportRefused) -> dict[str, Any]:
    return {
        "policy": policy,
        "target": target,
        "findings": [finding.as_json() for finding in refused.findings],
    }


def _not_yours(policy: str) -> dict[str, Any]:
    text = "The policy is also on groups outside yours: export it on the page of your group."
    return {"policy": policy, "target": None, "findings": [{"code": "not_yours", "text": text}]}


def _why_empty(left_out: Sequence[Mapping[str, Any]]) -> str:
    if not left_out:
        return "No policy has a published revision. Publish one, then export."
    first = left_out[0]
    return f"Nothing can be exported. {first['policy']}: {first['findings'][0]['text']}"
