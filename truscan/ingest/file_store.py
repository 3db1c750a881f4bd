"""The bytes that were handed in, kept once for each content."""

from __future__ import annotations

import hashlib
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage

from truscan.ingest.errors import FileMissing
from truscan.models.log_import import LogFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 1 << 20
# Uploads below this stay in memory until they are stored.
_SPOOL = 8 << 20


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(_PIECE):
        yield data


class Incoming:
    """An upload, read once: spooled so that it can be looked at before it is stored."""

    def __init__(self, stream: BinaryIO) -> None:
        digest, self.size = hashlib.sha256(), 0
        self.file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_SPOOL))  # noqa: SIM115
        for data in pieces(stream):
            digest.update(data)
            self.size += len(data)
            self.file.write(data)
        self.sha256 = digest.hexdigest()
        self.file.seek(0)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def keep(incoming: Incoming, name: str) -> LogFile:
    """Store an upload, or find that its bytes are stored already."""
    known = LogFile.objects.filter(sha256=incoming.sha256, stored_as__startswith="logs/").first()
    if known is not None and default_storage.exists(known.stored_as):
        return known
    incoming.file.seek(0)
    target = f"logs/{incoming.sha256[:2]}/{incoming.sha256}"
    stored_as = default_storage.save(target, File(incoming.file, name=target))
    if known is not None:
        # The row stays, its file had gone from storage: bytes are the same by their hash.
        LogFile.objects.filter(pk=known.pk).update(stored_as=stored_as)
        known.stored_as = stored_as
        return known
    return LogFile.objects.create(
        name=name[:512], stored_as=stored_as, sha256=incoming.sha256, size=incoming.size
    )


def refuse(incoming: Incoming, name: str) -> LogFile:
    """A row for a file that is refused as a whole: its receipt shows it, its bytes are not kept."""
    made, _ = LogFile.objects.get_or_create(
        stored_as=f"refused/{incoming.sha256}",
        defaults={"name": name[:512], "sha256": incoming.sha256, "size": incoming.size},
    )
    return made


def open_stored(file: LogFile) -> BinaryIO:
    """The stored bytes; FileMissing if storage has them no more."""
    try:
        return cast("BinaryIO", default_storage.open(file.stored_as, "rb"))
    except OSError as error:
        raise FileMissing(
            f"The stored file of {file.name} is gone from storage: hand it in again."
        ) from error
