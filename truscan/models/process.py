"""The programs that scans detected, and what the log says of their files."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Concat, Left

from truscan.access.scope import ProcessQuerySet


def _joined(*names: str) -> Concat:
    blank = models.Value(" ")
    parts = [part for name in names for part in (models.F(name), blank)]
    return Concat(*parts, output_field=models.TextField())


# Tokens: the name and its parts, the path's parts, the words of application and company, the hash.
_WORDS = Left(
    Concat(
        _joined("name"),
        models.Func(
            _joined("name", "generic_path", "application_name", "company_name"),
            models.Value("[^[:alnum:]]+"),
            models.Value(" "),
            models.Value("g"),
            function="regexp_replace",
            output_field=models.TextField(),
        ),
        models.F("hash"),
        output_field=models.TextField(),
    ),
    4000,
)


class Process(models.Model):
    """The program that a scan detected and that an exception names.

    Identified by its hash, or, when the log gave none or a filler, by file name and generic path
    (`identity` is the 128-bit hash of that, see `truscan.logs.identity`). The other columns are
    the newest that the log gave, kept for lists. Invariant: identity is unique.
    """

    identity = models.UUIDField(unique=True)
    hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    hash_type = models.CharField(max_length=8, blank=True, default="")
    name = models.CharField(max_length=512, blank=True, default="")
    generic_path = models.TextField(blank=True, default="")
    application_name = models.TextField(blank=True, default="")
    application_type = models.CharField(max_length=128, blank=True, default="")
    application_version = models.TextField(blank=True, default="")
    company_name = models.TextField(blank=True, default="")
    signer = models.TextField(blank=True, default="")
    file_size = models.BigIntegerField(null=True, blank=True)
    permitted_reason = models.CharField(max_length=128, blank=True, default="")
    on_symantec_list = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Here and not in the summary, which changes with every chunk of an import.
    search = models.GeneratedField(
        expression=SearchVector(_WORDS, config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ProcessQuerySet.as_manager()

    class Meta:
        indexes = [
            # They are few, and every count of open processes leaves them out.
            models.Index(
                fields=["id"], condition=models.Q(on_symantec_list=True), name="process_on_list"
            ),
            GinIndex(fields=["search"], name="process_search"),
        ]

    def __str__(self) -> str:
        return self.name or self.hash or "(unnamed process)"

    @property
    def has_hash(self) -> bool:
        return bool(self.hash)


class Appearance(models.Model):
    """A name and generic path under which a process was seen, with counts.

    `identity` is the 128-bit hash of (process, name, path), case folded. Invariant: it is unique,
    and rows and occurrences equal those of the detections that point here.
    """

    identity = models.UUIDField(unique=True)
    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="appearances")
    name = models.CharField(max_length=512, blank=True)
    generic_path = models.TextField(blank=True)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    occurrences = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.generic_path or self.name


class FileFacts(models.Model):
    """What a log line says of the file, stored once per distinct set of values.

    `identity` is the 128-bit hash of (process, all columns). Values are kept as read; a value the
    line does not give is null. Invariant: identity is unique and rows never change.
    """

    identity = models.UUIDField(unique=True)
    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="file_facts")
    application_name = models.TextField(null=True)
    application_type = models.TextField(null=True)
    application_version = models.TextField(null=True)
    company_name = models.TextField(null=True)
    file_size = models.BigIntegerField(null=True)
    hash_type = models.TextField(null=True)
    signer = models.TextField(null=True)
    permitted_reason = models.TextField(null=True)
    disposition = models.TextField(null=True)
    prevalence = models.TextField(null=True)
    confidence = models.TextField(null=True)
    first_seen = models.TextField(null=True)
    risk_level = models.TextField(null=True)
    download_site = models.TextField(null=True)
    web_domain = models.TextField(null=True)
    downloaded_by = models.TextField(null=True)

    def __str__(self) -> str:
        return f"facts {self.pk} of process {self.process_id}"


class SameFile(models.Model):
    """Two hashes (SHA-1, SHA-256) of one file, linked by a person or an imported list.

    Never guessed. Invariant: unique pair, first.id < second.id.
    """

    first = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="same_as_second")
    second = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="same_as_first")
    source = models.CharField(max_length=255, default="person")
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="same_file_unique"),
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")), name="same_file_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} = {self.second}"
