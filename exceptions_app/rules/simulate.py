"""What a rule would have decided of the stored history, beside what people did decide."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.models.decision import DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from exceptions_app.rules.match import candidates, matching
from truscan.access.actor import Means
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.rule import Rule

SHOWN = 30
RULE = Means.RULE


@dataclass(frozen=True, slots=True)
class Example:
    """A process, and what people said of it."""

    process: Process
    responses: list[str]


@dataclass(frozen=True, slots=True)
class Simulation:
    """Counts of processes; `now` would be decided by the next look, and nobody decided `open`."""

    matches: int
    agree: int
    contradict: int
    now: int
    contradicting: list[Example]
    acting: list[Process]
    agreeing: list[Example]

    def as_json(self) -> dict[str, Any]:
        return {
            "matches": self.matches,
            "agree": self.agree,
            "contradict": self.contradict,
            "now": self.now,
            "contradicting": [
                {"process": one.process.pk, "name": one.process.name, "responses": one.responses}
                for one in self.contradicting
            ],
            "acting": [{"process": one.pk, "name": one.name} for one in self.acting],
        }

    @property
    def undecided(self) -> int:
        """Matches that no person gave a response yet, also where the rule may not act."""
        return self.matches - self.agree - self.contradict


def simulate(rule: Rule, user: User, now: datetime) -> Simulation:
    """Over the processes that this person sees, in his policies. About ten queries, no write.

    People contradict the rule where one of them gave another response, or observes what the rule
    would decide. What rules decided says nothing of people.
    """
    seen = Process.objects.all().visible_to(user).values("pk")
    found = set(matching(rule.conditions, now).filter(pk__in=seen).values_list("pk", flat=True))
    said = _said(found, user)
    contradict = {pk for pk, responses in said.items() if responses != {rule.response}}
    agree = said.keys() - contradict
    acting = [pk for pk in candidates(rule, now) if pk in found]
    shown = sorted(contradict)[:SHOWN], acting[:SHOWN], sorted(agree)[:SHOWN]
    rows = Process.objects.in_bulk([pk for ids in shown for pk in ids])
    return Simulation(
        matches=len(found),
        agree=len(agree),
        contradict=len(contradict),
        now=len(acting),
        contradicting=[Example(rows[pk], sorted(said[pk])) for pk in shown[0]],
        acting=[rows[pk] for pk in shown[1]],
        agreeing=[Example(rows[pk], sorted(said[pk])) for pk in shown[2]],
    )


def _said(process_ids: Iterable[int], user: User) -> dict[int, set[str]]:
    """Responses that people gave in drafts of this person's policies, and what they observe."""
    ids = list(process_ids)
    said: dict[int, set[str]] = defaultdict(set)
    policies = Policy.objects.all().visible_to(user).values("pk")
    rows = ProcessException.objects.filter(process__in=ids, policy__in=policies, retired_at=None)
    ruled = set(_ruled(ids))
    for pk, process_id, response in rows.values_list("pk", "process_id", "response"):
        if pk not in ruled:
            said[process_id].add(response)
    watches = Watch.objects.filter(process__in=ids, ended_at=None).exclude(decision__means=RULE)
    for process_id in watches.values_list("process_id", flat=True):
        said[process_id].add("observe")
    return dict(said)


def _ruled(process_ids: list[int]) -> Iterable[int]:
    """Exceptions that a rule wrote."""
    items = DecisionItem.objects.filter(
        process__in=process_ids, decision__means=RULE, decision__kind="respond", skipped_because=""
    )
    return items.exclude(after=None).values_list("after_id", flat=True)
