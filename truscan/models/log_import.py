"""Log files and their receipts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from truscan.access.scope import LogImportQuerySet


class LogFile(models.Model):
    """The bytes that were handed in, kept once in storage so that raw lines can be shown.

    A growing file is stored as segments, each a LogFile of its own. `sha256` is of the stored
    bytes in lower case. Invariant: rows never change.
    """

    name = models.CharField(max_length=512)
    stored_as = models.CharField(max_length=512, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class LogImport(models.Model):
    """One file or archive member, one receipt.

    Identity of the source: site, the file's SHA-256, member, byte range; importing a known one
    again makes a new receipt whose rows are all duplicates. `checkpoint` is what a resumed worker
    needs (lines and bytes done; committed with the rows they stand for). `lease_until` is the
    claim of the worker at it: another may take over by a conditional UPDATE after it.
    Invariant: read = inserted + updated + duplicate + ignored + rejected, always.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        QUESTION = "question", "Needs an answer"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    site = models.ForeignKey("truscan.Site", on_delete=models.PROTECT, related_name="imports")
    file = models.ForeignKey(LogFile, on_delete=models.PROTECT, related_name="imports")
    name = models.CharField(max_length=1024)
    member = models.CharField(max_length=512, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    byte_start = models.BigIntegerField(default=0)
    byte_end = models.BigIntegerField(null=True)
    base_line_no = models.BigIntegerField(default=0)
    timezone = models.CharField(max_length=64, default="UTC")
    encoding = models.CharField(max_length=32, blank=True, default="")
    mapping = models.JSONField(default=dict)
    format = models.CharField(max_length=64, blank=True, default="")
    encoding_found = models.CharField(max_length=32, blank=True, default="")

    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    read = models.BigIntegerField(default=0)
    inserted = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    ignored = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    ignored_by_kind = models.JSONField(default=dict)
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    checkpoint = models.JSONField(default=dict)
    question = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    seconds = models.FloatField(default=0)

    lease_until = models.DateTimeField(null=True)
    # Who holds the lease: a worker that woke up too late finds another's name and stores nothing.
    lease_owner = models.UUIDField(null=True)
    # How often the machine's trouble stopped the reading since a chunk was last stored.
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    rereads = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reread_as"
    )

    objects = LogImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    read=F("inserted")
                    + F("updated")
                    + F("duplicate")
                    + F("ignored")
                    + F("rejected")
                ),
                name="import_lines_add_up",
            )
        ]
        indexes = [
            models.Index(fields=["site", "sha256"], name="import_source"),
            models.Index(fields=["state", "lease_until"], name="import_lease"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.WITHDRAWN}


class RejectedLine(models.Model):
    """A line that could not be read: number, reason, raw bytes (text refuses NUL).

    Invariant: as many rows per import as its receipt's `rejected`.
    """

    log_import = models.ForeignKey(LogImport, on_delete=models.CASCADE, related_name="rejects")
    line_no = models.BigIntegerField()
    code = models.CharField(max_length=64)
    reason = models.TextField()
    raw = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["log_import", "line_no"], name="rejected_line_unique")
        ]

    def __str__(self) -> str:
        return f"line {self.line_no}: {self.code}"


class ImportGroup(models.Model):
    """A group that an import has lines of: who may see its receipt. Invariant: unique pair."""

    log_import = models.ForeignKey(LogImport, on_delete=models.CASCADE, related_name="groups_seen")
    group = models.ForeignKey("truscan.Group", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["log_import", "group"], name="import_group_unique")
        ]

    def __str__(self) -> str:
        return f"import {self.log_import_id}: group {self.group_id}"


class ColumnMapping(models.Model):
    """How a site's console export names its columns, remembered by the header row.

    `mapping` is {header as read: field of LogRecord}, plus "@date_order" (dmy, mdy, ymd).
    Invariant: unique (site, header), header being the case-folded columns joined by tabs.
    """

    site = models.ForeignKey("truscan.Site", on_delete=models.CASCADE, related_name="mappings")
    header = models.TextField()
    header_key = models.CharField(max_length=64)
    mapping = models.JSONField()
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "header_key"], name="mapping_header_unique")
        ]

    def __str__(self) -> str:
        return f"columns of {self.site}"


class VocabularyTerm(models.Model):
    """A value that an administrator explained. Invariant: unique (kind, text)."""

    kind = models.CharField(max_length=32)
    text = models.CharField(max_length=255)
    meaning = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "text"], name="vocabulary_term_unique")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text} = {self.meaning}"


class WatchedFile(models.Model):
    """A file of the drop folder and how far it was read.

    A file is known by device, inode and the hash of its first bytes, so that a rotation (rename,
    new file of the old name) neither loses nor doubles lines. Invariant: unique (device, inode,
    head).
    """

    path = models.TextField()
    device = models.BigIntegerField()
    inode = models.BigIntegerField()
    head_sha256 = models.CharField(max_length=64)
    head_size = models.IntegerField()
    offset = models.BigIntegerField(default=0)
    line_no = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "inode", "head_sha256"], name="watched_file_unique"
            )
        ]

    def __str__(self) -> str:
        return self.path
