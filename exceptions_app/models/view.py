"""Saved views of the inbox, how much stands in them, and where a role begins."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from exceptions_app.scope import ViewQuerySet
from truscan.models.access import Role


class InboxView(models.Model):
    """A question to the inbox under a name: its filter as the address says it, and its sort.

    `reach` are the groups that the filter names, as they were when it was saved: a shared view is
    there for who sees one of them, and for everybody with a role if it names none. Deleting marks
    the row, so that it can be restored. Invariant: one view of a name per owner, not counting
    deleted ones.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True, default="")
    sort = models.CharField(max_length=16, blank=True, default="")
    is_shared = models.BooleanField(default=False)
    names_group = models.BooleanField(default=False)
    reach = ArrayField(models.BigIntegerField(), default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = ViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(deleted_at=None), name="inbox_view_unique"
            ),
        ]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def asks(self) -> str:
        """What the inbox's address says after the question mark; never empty."""
        parts = [self.query, f"sort={self.sort}" if self.sort else ""]
        return "&".join(part for part in parts if part) or "state=open"


class ViewCount(models.Model):
    """How many processes stood in a view for one scope (the set of groups that people share).

    `count` is null until counted, and when counting took too long; `asked_at` is when somebody of
    that scope was last here, `asker` whose scope it is. Invariant: unique (view, scope).
    """

    view = models.ForeignKey(InboxView, on_delete=models.CASCADE, related_name="counts")
    scope = models.CharField(max_length=64)
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    count = models.PositiveIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["view", "scope"], name="view_count_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.view}: {'unknown' if self.count is None else self.count}"


class RoleLanding(models.Model):
    """The shared view where people of a role begin. Invariant: one per role."""

    role = models.CharField(max_length=16, choices=Role, unique=True)
    view = models.ForeignKey(InboxView, on_delete=models.CASCADE, related_name="landings")

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.view}"
