"""Rules that a person signs: what matches them is decided as that person would."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy
from exceptions_app.scope import RuleQuerySet


class Rule(models.Model):
    """Conditions over what logs tell, and the response or observation that they lead to.

    `conditions` are those of `exceptions_app.rules.conditions`; `response` is a response for
    `policies`, or "observe" for `groups`. `owner` wrote it or, once signed, signed it last. A rule
    acts only while it is on: a change makes it a draft until it is signed anew, `said` tells why it
    was stopped or asks. More processes at once than `most` wait for `allowed`, a number that a
    person confirmed. `seen` is what was new when it was looked at last. Invariant: on only with a
    signing of these very terms.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ON = "on", "On"
        ASKING = "asking", "Asks"
        STOPPED = "stopped", "Stopped"
        OFF = "off", "Off"

    name = models.CharField(max_length=80, unique=True)
    priority = models.PositiveIntegerField(default=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    conditions = models.JSONField(default=dict)
    response = models.CharField(max_length=16)
    policies = models.ManyToManyField(Policy, related_name="rules")
    groups = models.ManyToManyField("truscan.Group", related_name="observing_rules")
    reason = models.TextField()
    review_on = models.DateField()
    most = models.PositiveIntegerField(default=50)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    said = models.TextField(blank=True, default="")
    matched = models.PositiveIntegerField(default=0)
    allowed = models.PositiveIntegerField(default=0)
    seen = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        return self.state == self.State.ON

    @property
    def waits(self) -> bool:
        """A person is to look at it."""
        return self.state in {self.State.ASKING, self.State.STOPPED}


class RuleSigning(models.Model):
    """That a person signed the terms of a rule, and what the simulation showed him.

    `terms` is the canonical text of all that the rule says, `digest` its SHA-256. Append-only.
    Invariant: versions of a rule count from 1.
    """

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="signings")
    version = models.PositiveIntegerField()
    terms = models.TextField()
    digest = models.CharField(max_length=64)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=255)
    signed_at = models.DateTimeField()
    shown = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "version"], name="rule_version_unique"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rule_version_from_one"),
        ]
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.version}, signed by {self.signer_name}"


class RuleAct(models.Model):
    """A decision that a rule made under a signing. Invariant: one per decision."""

    signing = models.ForeignKey(RuleSigning, on_delete=models.PROTECT, related_name="acts")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="rule_act")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.decision} under {self.signing}"
