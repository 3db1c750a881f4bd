"""The guide's filters of the detection log [73]: all optional, all within the person's scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.utils import timezone

from truscan.access.scope import subtree
from truscan.models.counts import ProcessSummary
from truscan.models.detection import Action, Detection, EventType, Outcome
from truscan.models.estate import Account, Computer, Group, Site
from truscan.models.log_import import LogImport
from truscan.models.process import FileFacts, Process
from truscan.ramp.in_force import last_changes
from truscan.ramp.where import groups_of_plan

if TYPE_CHECKING:
    from django.http import QueryDict

# A text may name so many processes; a longer list would be slower than reading it.
PROCESSES_MAX = 1_000
SINCE = (
    ("change", "Since the last setting change"),
    ("1", "Last 24 hours"),
    ("7", "Last 7 days"),
    ("30", "Last 30 days"),
    ("90", "Last 90 days"),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    label: str
    value: str
    without: str


class DetectionLogFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    """Over detections the caller may see; names are compared without case."""

    process = django_filters.NumberFilter("process_id", label="Process")
    q = django_filters.CharFilter(method="by_text", label="Process text", max_length=200)
    event_type = django_filters.ChoiceFilter(choices=EventType.choices, label="Event")
    since = django_filters.ChoiceFilter(choices=SINCE, method="by_since", label="Time")
    seen_from = django_filters.DateTimeFilter(
        "event_at",
        "gte",
        label="From",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    seen_to = django_filters.DateTimeFilter(
        "event_at",
        "lt",
        label="To",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    group = django_filters.CharFilter(method="by_group", label="Group", max_length=2000)
    computer = django_filters.CharFilter(method="by_computer", label="Computer", max_length=255)
    user = django_filters.CharFilter(method="by_user", label="User", max_length=255)
    action = django_filters.CharFilter(method="by_action", label="Action", max_length=255)
    application_type = django_filters.CharFilter(
        method="by_type", label="Application type", max_length=128
    )
    site = django_filters.CharFilter(method="by_site", label="Site", max_length=255)
    plan = django_filters.NumberFilter(
        method="by_plan", label="Ramp plan", min_value=1, max_value=2**62
    )
    log_import = django_filters.NumberFilter("log_import_id", label="Import")

    class Meta:
        model = Detection
        fields: list[str] = []

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now or timezone.now()

    @property
    def qs(self) -> QuerySet[Detection]:
        if not self.form.is_valid():
            return Detection.objects.none()
        found: QuerySet[Detection] = self.filter_queryset(self.queryset)
        return found

    def by_text(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        words = re.findall(r"[^\W_]+", value.casefold())[:8]
        if not words:
            return qs.none()
        query = SearchQuery(
            " & ".join(f"'{word}':*" for word in words), config="simple", search_type="raw"
        )
        found = ProcessSummary.objects.filter(process__search=query).order_by("-last_at")
        ids = list(found.values_list("pk", flat=True)[:PROCESSES_MAX])
        return qs.filter(process__in=ids)

    def by_since(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        if value != "change":
            return qs.filter(event_at__gte=self.now - timedelta(days=int(value)))
        moments: dict[datetime, list[int]] = {}
        for group_id, at in last_changes(self.now).items():
            moments.setdefault(at, []).append(group_id)
        where = Q(key__in=[])
        for at, groups in moments.items():
            where |= Q(group__in=groups, event_at__gte=at)
        return qs.filter(where)

    def by_group(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        below = Q(pk__in=[])
        key = value.strip().rstrip("\\").casefold()
        for domain_id in Group.objects.filter(path_key=key).values_list("domain", flat=True):
            below |= subtree(key, domain_id)
        return qs.filter(group__in=list(Group.objects.filter(below).values_list("pk", flat=True)))

    def by_plan(self, qs: QuerySet[Detection], name: str, value: Any) -> QuerySet[Detection]:
        return qs.filter(group__in=groups_of_plan(int(value), self.request.user))

    def by_computer(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        found = Computer.objects.filter(name_key=value.strip().casefold())
        return qs.filter(computer__in=list(found.values_list("pk", flat=True)))

    def by_user(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        found = Account.objects.filter(name_key=value.strip().casefold())
        return qs.filter(account__in=list(found.values_list("pk", flat=True)))

    def by_action(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        actions = Action.objects.filter(name_key=value.strip().casefold()).values("pk")
        outcomes = Outcome.objects.filter(action__in=actions)
        return qs.filter(outcome__in=list(outcomes.values_list("pk", flat=True)))

    def by_type(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        facts = FileFacts.objects.filter(application_type__iexact=value.strip())
        return qs.filter(facts__in=facts.values("pk"))

    def by_site(self, qs: QuerySet[Detection], name: str, value: str) -> QuerySet[Detection]:
        sites = Site.objects.filter(name__iexact=value.strip()).values("pk")
        imports = LogImport.objects.filter(site__in=sites).values_list("pk", flat=True)
        return qs.filter(log_import__in=list(imports))

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields that the page shows as plain inputs."""
        names = ("group", "computer", "user", "action", "application_type")
        return [self.form[name] for name in names]

    def _name_of(self, raw: str) -> str:
        """The process of that number by name, if the person may see it."""
        number = int(raw) if raw.isdecimal() and len(raw) < 19 else 0
        seen = Process.objects.all().visible_to(self.request.user)
        return str(seen.filter(pk=number).first() or raw)

    def chips(self, data: QueryDict) -> list[Chip]:
        told: list[Chip] = []
        for name, field in self.form.fields.items():
            if not (raw := data.get(name, "")):
                continue
            value = {str(k): v for k, v in getattr(field, "choices", ())}.get(raw, raw)
            if name == "process":
                value = self._name_of(raw)
            without = data.copy()
            for key in (name, "after"):
                without.pop(key, None)
            told.append(Chip(str(field.label), str(value), without.urlencode()))
        return told
