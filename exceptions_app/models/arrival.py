"""What SEPM says of serials: equal ones prove that a client has the newest policy [22]."""

from __future__ import annotations

from django.db import models

from truscan.access.scope import ScopedQuerySet


class GroupSerial(models.Model):
    """The serial of the policy that a group hands out, as it was read last.

    `serial` is as read, `serial_at` the GMT time in it (null if it has another form), `changed_at`
    when this serial was read first. Invariant: one per group, and `read_at` never goes back.
    """

    group = models.OneToOneField(
        "truscan.Group", on_delete=models.CASCADE, primary_key=True, related_name="serial"
    )
    serial = models.CharField(max_length=64)
    serial_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    read_at = models.DateTimeField()
    source = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.serial


class ClientSerial(models.Model):
    """The serial that a client runs, as it was read last, and when SEPM heard from it.

    A client that no log names is here too, so it is found by domain and name instead of a row of
    Computer. What was not told is null or empty: unknown. Invariant: one per (domain, name without
    case), and `read_at` never goes back.
    """

    domain = models.ForeignKey("truscan.Domain", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    name_key = models.CharField(max_length=255)
    group = models.ForeignKey(
        "truscan.Group", on_delete=models.CASCADE, null=True, related_name="client_serials"
    )
    serial = models.CharField(max_length=64, blank=True, default="")
    serial_at = models.DateTimeField(null=True)
    agent_version = models.CharField(max_length=64, blank=True, default="")
    location = models.CharField(max_length=256, blank=True, default="")
    checked_in_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField()
    source = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "name_key"], name="client_serial_unique")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.serial or 'serial not known'}"


class EffectCount(models.Model):
    """How many rules of a policy's newest revision did not take effect when the beat looked last.

    A note for the page that asks of all policies at once; the policy's own page judges anew.
    `failing` rules were left, `unclear` ones have words that do not tell, `stopping` ones stopped
    something. Invariant: one per policy, for the revision that was the newest at `judged_at`.
    """

    policy = models.OneToOneField(
        "exceptions_app.Policy",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="effect_count",
    )
    revision_number = models.IntegerField()
    failing = models.IntegerField()
    unclear = models.IntegerField()
    stopping = models.IntegerField()
    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failing} rules of {self.policy} do not take effect"
