"""Who showed a process, and what a computer showed on a day: counts as those of `counts`."""

from __future__ import annotations

from django.db import models

from truscan.access.scope import ScopedQuerySet


class Presence(models.Model):
    """A process on a computer in a group: the blast radius. Invariant: unique of all three."""

    pk = models.CompositePrimaryKey("process_id", "computer_id", "group_id")
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    computer = models.ForeignKey(
        "truscan.Computer",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    rows = models.IntegerField()
    occurrences = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"process {self.process_id} on computer {self.computer_id}"


class MovedPresence(models.Model):
    """A computer that showed a process in more than one group, since it was moved between them.

    Computers of several groups are the sum of their sightings' `computers` less what these count
    twice, so that nobody reads the hundred thousand presences of a page. Invariant: every such
    pair is here; one that a withdrawn import leaves in one group may be too.
    """

    pk = models.CompositePrimaryKey("process_id", "computer_id")
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    computer = models.ForeignKey(
        "truscan.Computer",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"process {self.process_id} in several groups on computer {self.computer_id}"


class UserPresence(models.Model):
    """A process under a user account in a group. Invariant: unique of all three."""

    pk = models.CompositePrimaryKey("process_id", "account_id", "group_id")
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    account = models.ForeignKey(
        "truscan.Account",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    rows = models.IntegerField()
    occurrences = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"process {self.process_id} of account {self.account_id}"


class ComputerDay(models.Model):
    """Detections of a UTC day on a computer under an account: notification load and exposure.

    Invariant: unique (day, group, computer, account).
    """

    pk = models.CompositePrimaryKey("day", "group_id", "computer_id", "account_id")
    day = models.DateField()
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    computer = models.ForeignKey(
        "truscan.Computer",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    account = models.ForeignKey(
        "truscan.Account",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    rows = models.IntegerField()
    occurrences = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.day}: computer {self.computer_id}"
