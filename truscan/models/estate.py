"""Where log lines come from: sites, servers, domains, client groups, locations, computers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from truscan.access.scope import GroupQuerySet


class Site(models.Model):
    """A SEPM site: one database and its management servers, from which logs are exported.

    Its time zone and encoding are those of its exports, used when a file does not tell.
    Invariant: names are unique without regard to case.
    """

    name = models.CharField(max_length=255)
    timezone = models.CharField(max_length=64, default="UTC")
    encoding = models.CharField(max_length=32, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="site_name_unique")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(models.Model):
    """A SEPM domain, the name space of groups and computers. Invariant: unique without case."""

    name = models.CharField(max_length=255)
    name_key = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.name


class Server(models.Model):
    """A management server as log lines name it. Invariant: unique without case."""

    name = models.CharField(max_length=255)
    name_key = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    """A client group, a node of the domain's tree.

    `path` has single backslashes and none at the end; `path_key` is its casefold. A line without
    a group belongs to the group with the empty path, which only people who see the whole estate
    may read. `inherits` is assumed on until a person or REST says it (`inherits_known`). An
    unknown number of clients is null, never zero. Invariant: unique (domain, path_key), and every
    ancestor of a group exists.
    """

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="groups")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(max_length=256, blank=True)
    path = models.TextField(blank=True)
    path_key = models.TextField(blank=True)
    inherits = models.BooleanField(default=True)
    inherits_known = models.BooleanField(default=False)
    client_count = models.PositiveIntegerField(null=True, blank=True)
    client_count_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "path_key"], name="group_path_unique")
        ]
        indexes = [
            models.Index(
                fields=["path_key"], name="group_path_prefix", opclasses=["text_pattern_ops"]
            )
        ]
        ordering = ["domain_id", "path_key"]

    def __str__(self) -> str:
        return self.path or "(no group)"

    @property
    def inherits_now(self) -> bool:
        """Whether the policies of the parent are in force here."""
        return self.inherits and self.parent_id is not None


class Location(models.Model):
    """A named situation inside a group: office, VPN, outside. Invariant: unique (group, name)."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="locations")
    name = models.CharField(max_length=256)
    name_key = models.CharField(max_length=256)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "name_key"], name="location_name_unique")
        ]
        ordering = ["group_id", "name_key"]

    def __str__(self) -> str:
        return self.name


class Computer(models.Model):
    """A client computer; the empty name stands for lines that give none.

    `group` is the newest by event time, not by import order; `last_heard_at` advances by every
    line that names the computer. Invariant: unique (domain, name_key).
    """

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="computers")
    name = models.CharField(max_length=255, blank=True)
    name_key = models.CharField(max_length=255, blank=True)
    ip_address = models.CharField(max_length=64, blank=True, default="")
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, null=True, blank=True, related_name="computers"
    )
    group_seen_at = models.DateTimeField(null=True, blank=True)
    last_heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "name_key"], name="computer_name_unique")
        ]
        # No index on last_heard_at: every import moves it, and an update that touches no index is
        # several times cheaper.

    def __str__(self) -> str:
        return self.name or "(no computer)"


class Account(models.Model):
    """A user account on a client as log lines name it; the empty name stands for none.

    Invariant: unique (domain, name_key).
    """

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="accounts")
    name = models.CharField(max_length=255, blank=True)
    name_key = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "name_key"], name="account_name_unique")
        ]

    def __str__(self) -> str:
        return self.name or "(no user)"
