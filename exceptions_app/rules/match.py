"""Which processes a rule means, set-based: over the inbox rows, never over detections."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from exceptions_app.models.decision import DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Response
from exceptions_app.policies.approval_rules import need_second, need_second_to_observe
from exceptions_app.policies.effective import groups_touched, groups_with, policies_in_force
from exceptions_app.policies.known_programs import protect_list, protecting
from exceptions_app.suggest.location import LOCATIONS
from truscan.access.actor import Means
from truscan.access.scope import subtree
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.estate import Group
from truscan.models.process import Appearance, FileFacts

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.models.rule import Rule
    from exceptions_app.rules.conditions import Conditions

EVENT_COLUMNS = {
    "potential_risk": "potential_occurrences",
    "security_risk": "security_occurrences",
    "commercial": "commercial_occurrences",
}
STOPS = (Response.QUARANTINE, Response.TERMINATE)
LOCATION = Case(
    *(When(process__generic_path__iregex=how, then=Value(word)) for word, _, how in LOCATIONS),
    default=Value(""),
    output_field=CharField(),
)
# The newest of what logs say of the file, as suggestions read it; no data is neither good nor bad.
NEWEST = FileFacts.objects.filter(process=OuterRef("pk")).order_by("-pk")
DISPOSITION = Subquery(
    NEWEST.annotate(
        said=Case(
            *(When(disposition__icontains=word, then=Value(word)) for word in ("good", "bad")),
            default=Value("none"),
            output_field=CharField(),
        )
    ).values("said")[:1]
)


def matching(told: Conditions, now: datetime) -> QuerySet[ProcessSummary]:
    """Every process of the stored history that meets the conditions, decided or not."""
    qs = ProcessSummary.objects.filter(candidate_occurrences__gt=0)
    qs = _by_text(qs, told)
    if "disposition" in told:
        said = Coalesce(DISPOSITION, Value("none"))
        qs = qs.alias(said=said).filter(said__in=told["disposition"])
    if "risk_class" in told:
        qs = qs.filter(risk_class__in=told["risk_class"])
    if "location" in told:
        qs = qs.alias(location=LOCATION).filter(location__in=told["location"])
    if "events" in told:
        others = EVENT_COLUMNS.keys() - set(told["events"])
        qs = qs.filter(**{EVENT_COLUMNS[word]: 0 for word in others})
    if "suggests" in told:
        sure = {"process__suggestion__bound__gte": told.get("sure_min", 0) / 100}
        qs = qs.filter(process__suggestion__response__in=told["suggests"], **sure)
    return qs.filter(**_bounds(told, now))


def _by_text(qs: QuerySet[ProcessSummary], told: Conditions) -> QuerySet[ProcessSummary]:
    for name, column in (("signer", "signer"), ("company", "company_name")):
        if name in told:
            qs = qs.filter(_any(told[name], f"process__{column}__iexact"))
    if "name" in told:
        qs = qs.filter(_any([_glob(one) for one in told["name"]], "process__name__iregex"))
    if "path" in told:
        qs = qs.filter(_any(told["path"], "process__generic_path__istartswith"))
    if "type" in told:
        qs = qs.filter(_any(told["type"], "application_type__iexact"))
    return qs


def _bounds(told: Conditions, now: datetime) -> dict[str, Any]:
    columns = {
        "computers_min": "computers__gte",
        "computers_max": "computers__lte",
        "groups_min": "groups__gte",
        "groups_max": "groups__lte",
        "detections_min": "candidate_occurrences__gte",
    }
    bounds: dict[str, Any] = {column: told[n] for n, column in columns.items() if n in told}
    if "known_days_min" in told:
        days = min(told["known_days_min"], 36_500)
        bounds["first_at__lte"] = now - timedelta(days=days)
    return bounds


def _any(values: list[str], lookup: str) -> Q:
    where = Q()
    for value in values:
        where |= Q(**{lookup: value})
    return where


def _glob(name: str) -> str:
    return "^" + ".*".join(re.escape(part) for part in name.split("*")) + "$"


def reach(rule: Rule) -> list[int]:
    """The groups where it can act: where its policies are in force, or what it observes."""
    if rule.response != "observe":
        return groups_with(rule.policies.values_list("pk", flat=True))
    below = Q(pk__in=[])
    for group in rule.groups.all():
        below |= subtree(group.path_key, group.domain_id)
    return list(Group.objects.filter(below).values_list("pk", flat=True))


def candidates(rule: Rule, now: datetime) -> list[int]:
    """Processes that the rule would decide now: they meet its conditions, wait for a response in
    its reach, and nobody has decided them.

    "Nobody" is strict: any act of a person on the process, undone or not, in whatever group, keeps
    rules away from it, and so does an earlier act of a rule on the same policies.
    """
    waiting = Sighting.objects.filter(process=OuterRef("pk"), group__in=reach(rule)).open(now)
    items = DecisionItem.objects.filter(process=OuterRef("pk"))
    by_people = items.exclude(decision__means=Means.RULE)
    qs = matching(rule.conditions, now).filter(process__on_symantec_list=False)
    qs = qs.filter(Exists(waiting), ~Exists(by_people))
    if rule.response == "observe":
        # Observing takes exceptions away, so what a rule has decided stays as it is.
        qs = qs.filter(~Exists(items))
    else:
        on_these = items.filter(policy__in=rule.policies.values("pk"))
        kept = ProcessException.objects.filter(
            process=OuterRef("pk"), policy__in=rule.policies.values("pk"), retired_at=None
        )
        qs = qs.filter(~Exists(on_these), ~Exists(kept))
    if rule.response == Response.IGNORE:
        qs = qs.exclude(process__hash="")
    found = list(qs.order_by("pk").values_list("pk", flat=True))
    if rule.response in STOPS:
        found = _unprotected(found)
    # One signature is not two pairs of eyes: these wait for people.
    if rule.response == "observe":
        second = need_second_to_observe(found, ())
    else:
        second = need_second(found, list(rule.policies.all()), rule.response, now)
    return [pk for pk in found if pk not in second]


def _unprotected(process_ids: list[int]) -> list[int]:
    """Without programs that nobody should stop; a person still can, and lint tells him."""
    programs = defaultdict(list)
    for one in protect_list():
        programs[one.name].append(one)
    seen: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = Appearance.objects.filter(process__in=process_ids).order_by("pk")
    for pk, name, path in rows.values_list("process", "name", "generic_path"):
        seen[pk].append((name, path))
    summaries = ProcessSummary.objects.filter(pk__in=process_ids)
    for pk, name, path in summaries.values_list("pk", "process__name", "process__generic_path"):
        seen[pk].append((name, path))
    return [pk for pk in process_ids if protecting(programs, seen[pk]) is None]


def places_written(rule: Rule) -> set[int]:
    """Every group that a decision of this rule writes: who signs it must be allowed to.

    Observing writes the policies in force there too, since it takes exceptions out of them.
    """
    if rule.response != "observe":
        return groups_touched(rule.policies.all())
    here = reach(rule)
    places = policies_in_force(here)
    held = {place.policy_id for place in places if place.policy_id is not None}
    return set(here) | groups_touched(Policy.objects.filter(pk__in=held))
