"""The one query of the inbox: its filters are those of the page and of its API twin.

Whatever is asked of a group (state, time, level, event type, subtree, site) is asked of one and the
same sighting, inside what the person may see: an EXISTS, never a GROUP BY (PERFORMANCE, reading).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from exceptions_app.models.claim import Claim
from exceptions_app.triage.ageing import is_overdue
from exceptions_app.triage.renewals import asking
from truscan.access.scope import groups_held, named, subtree
from truscan.classify import LABELS
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.detection import EventType
from truscan.models.estate import Group, Site
from truscan.models.log_import import ImportGroup
from truscan.models.process import Process
from truscan.ramp.in_force import last_changes
from truscan.ramp.where import groups_of_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

    from truscan.access.scope import Groups

CAP = 10_000
TEXT_MAX = 200
# No log is from before or after; a date beyond them would leave the calendar when it is shifted.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
# More words than that narrow nothing further.
TOKENS_MAX = 8

STATES = (
    ("open", "Open"),
    ("decided", "Decided"),
    ("observed", "Observed"),
    ("renewals", "New builds"),
    ("cannot", "Cannot be excepted"),
    ("all", "All"),
)
# New builds are open ones whose build before was decided.
OPEN_STATES = frozenset({"open", "renewals"})
# The columns of a sighting that hold the occurrences of an event type.
EVENT_COLUMNS = {
    "potential_risk": "potential_occurrences",
    "security_risk": "security_occurrences",
    "commercial": "commercial_occurrences",
    "forced": "forced_occurrences",
    "allowed": "allowed_occurrences",
    "other": "other_occurrences",
}
EVENTS = tuple(
    zip(
        EVENT_COLUMNS,
        (
            EventType(code).label
            for code in (
                EventType.POTENTIAL_RISK,
                EventType.SECURITY_RISK,
                EventType.COMMERCIAL,
                EventType.FORCED,
                EventType.ALLOWED,
                EventType.OTHER,
            )
        ),
        strict=True,
    )
)
SINCE = (
    ("change", "Since the last setting change"),
    ("1", "Last 24 hours"),
    ("7", "Last 7 days"),
    ("14", "Last 14 days"),
    ("30", "Last 30 days"),
    ("90", "Last 90 days"),
)
SORTS = {
    "last": "-last_at",
    "first": "-first_at",
    "oldest": "first_at",
    "detections": "-candidate_occurrences",
    "computers": "-computers",
    "groups": "-groups",
    "name": "sort_name",
    "company": "sort_company",
}
# The filters that are asked of a sighting, beside its state and its group.
NARROWING = ("event_type", "level", "since", "seen_from", "seen_to")
CLAIMS = (("mine", "Claimed by me"), ("free", "Claimed by nobody"), ("any", "Claimed"))
LEVELS = tuple((str(level), str(level)) for level in range(10, 101, 10))


class GroupPathField(forms.CharField):
    """A path such as My Company\\Sales becomes the groups of that path, one per domain, among those
    that `groups()` gives: whether there is a path in other people's groups is not told."""

    def __init__(
        self, *, groups: Callable[[], QuerySet[Group]] = Group.objects.none, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.groups = groups

    def clean(self, value: Any) -> list[Group]:
        text = super().clean(value).strip().rstrip("\\")
        if not text:
            return []
        found = list(self.groups().filter(path_key=text.casefold())[:20])
        if not found:
            raise forms.ValidationError(f"There is no group {text}.")
        return found


class GroupPathFilter(django_filters.CharFilter):  # type: ignore[misc]  # ships no types
    field_class = GroupPathField


def words(text: str) -> list[str]:
    """The searched words, case folded, at most eight."""
    return re.findall(r"[^\W_]+", text.casefold())[:TOKENS_MAX]


class InboxFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    """Filters over process summaries for one person: `InboxFilter(data, user=..., now=...)`.

    The API passes `request`, from which the person is taken. `qs` starts with what the person may
    see and is not ordered. An invalid filter finds nothing.
    """

    q = django_filters.CharFilter(label="Name, path, company, hash", max_length=TEXT_MAX)
    event_type = django_filters.ChoiceFilter(choices=EVENTS, label="Event")
    application_type = django_filters.CharFilter(label="Application type", max_length=128)
    risk_class = django_filters.ChoiceFilter(
        choices=[(str(word), label) for word, label in LABELS.items()], label="Class"
    )
    group = GroupPathFilter(label="Group", max_length=2000)
    site = django_filters.CharFilter(label="Site", max_length=255)
    plan = django_filters.NumberFilter(label="Ramp plan", min_value=1, max_value=2**62)
    level = django_filters.ChoiceFilter(choices=LEVELS, label="Level")
    since = django_filters.ChoiceFilter(choices=SINCE, label="Time")
    seen_from = django_filters.DateFilter(label="Seen from")
    seen_to = django_filters.DateFilter(label="Seen to")
    state = django_filters.ChoiceFilter(choices=STATES, label="State")
    overdue = django_filters.ChoiceFilter(choices=[("yes", "Overdue")], label="Waiting")
    claim = django_filters.ChoiceFilter(choices=CLAIMS, label="Claim")
    sort = django_filters.ChoiceFilter(choices=[(word, word) for word in SORTS], label="Sort")

    class Meta:
        model = ProcessSummary
        fields: list[str] = []

    def __init__(
        self,
        data: Any = None,
        queryset: QuerySet[ProcessSummary] | None = None,
        *,
        request: Any = None,
        prefix: str | None = None,
        user: User | None = None,
        now: datetime | None = None,
    ) -> None:
        start = ProcessSummary.objects.all() if queryset is None else queryset
        super().__init__(data or {}, start, request=request, prefix=prefix)
        self._user = user
        self.filters["group"].extra["groups"] = lambda: Group.objects.all().visible_to(self.user)
        self.now = now or timezone.now()

    @property
    def user(self) -> User:
        person: User = self._user if self._user is not None else self.request.user
        return person

    @cached_property
    def ids(self) -> Groups:
        """The person's groups, asked once; None = the whole estate."""
        return groups_held(self.user)

    @cached_property
    def groups(self) -> Groups:
        """Those of them in the chosen subtree and site."""
        wanted = self.form.cleaned_data if self.form.is_valid() else {}
        ids, chosen = self.ids, wanted.get("group")
        if not (chosen or wanted.get("site") or wanted.get("plan")):
            return ids
        qs = Group.objects.all() if ids is None else Group.objects.filter(pk__in=ids)
        if chosen:
            qs = qs.filter(reduce(or_, (subtree(g.path_key, g.domain_id) for g in chosen)))
        if wanted.get("plan"):
            qs = qs.filter(pk__in=groups_of_plan(int(wanted["plan"]), self.user))
        if wanted.get("site"):
            # A replicated row arrives from several sites, so a site means the groups of its logs.
            sites = Site.objects.filter(name__iexact=wanted["site"]).values("pk")
            told = ImportGroup.objects.filter(log_import__site__in=sites)
            qs = qs.filter(pk__in=told.values("group"))
        return named(qs)

    @property
    def chosen_state(self) -> str:
        return self._chosen("state") or "open"

    @property
    def order(self) -> str:
        return SORTS[self._chosen("sort") or "last"]

    def _chosen(self, name: str) -> str:
        return str(self.form.cleaned_data.get(name) or "") if self.form.is_valid() else ""

    @property
    def qs(self) -> QuerySet[ProcessSummary]:
        if not self.form.is_valid():
            return ProcessSummary.objects.none()
        return self.filter_queryset(self.queryset)

    def filter_queryset(self, queryset: QuerySet[ProcessSummary]) -> QuerySet[ProcessSummary]:
        seen = self.sightings().filter(process=OuterRef("pk"))
        return self.asked_of(queryset.filter(Exists(seen)))

    def asked_of(self, queryset: QuerySet[ProcessSummary]) -> QuerySet[ProcessSummary]:
        """What is asked of a process itself; the rest is asked of its sightings."""
        wanted = self.form.cleaned_data
        qs = self._narrowed(queryset, wanted)
        if wanted["q"]:
            qs = _matching(qs, wanted["q"])
        if wanted["risk_class"]:
            qs = qs.filter(risk_class=wanted["risk_class"])
        if wanted["overdue"]:
            qs = qs.filter(is_overdue(self.now))
        if wanted["claim"]:
            qs = qs.filter(self._claimed(wanted["claim"]))
        if wanted["application_type"]:
            qs = qs.filter(application_type__iexact=wanted["application_type"])
        # They cannot leave the inbox by a response, so they stand in a state of their own.
        listed = Process.objects.filter(on_symantec_list=True).values("pk")
        if self.chosen_state == "cannot":
            return qs.filter(pk__in=listed)
        if self.chosen_state in OPEN_STATES:
            qs = qs.exclude(pk__in=listed)
        if self.chosen_state == "renewals":
            qs = qs.filter(Exists(asking(self.now).filter(process=OuterRef("pk"))))
        return qs

    def _claimed(self, word: str) -> Q:
        """Claimed by the person, by anybody, or by nobody now."""
        rows = Claim.objects.filter(process=OuterRef("pk"), until__gt=self.now)
        if word == "mine":
            rows = rows.filter(user_id=self.user.pk)
        return ~Q(Exists(rows)) if word == "free" else Q(Exists(rows))

    def _narrowed(
        self, qs: QuerySet[ProcessSummary], wanted: dict[str, Any]
    ) -> QuerySet[ProcessSummary]:
        """What holds of a sighting holds of its process's totals: rules most rows out early."""
        if self.chosen_state in OPEN_STATES:
            qs = qs.filter(candidate_occurrences__gt=0)
        if wanted["event_type"]:
            qs = qs.filter(**{f"{EVENT_COLUMNS[wanted['event_type']]}__gt": 0})
        if wanted["level"]:
            qs = qs.filter(level_min__lte=wanted["level"], level_max__gte=wanted["level"])
        if wanted["since"] and wanted["since"] != "change":
            qs = qs.filter(last_at__gte=self.now - timedelta(days=int(wanted["since"])))
        return qs

    def sightings(self) -> QuerySet[Sighting]:
        """The sightings that the filters speak of: scope, subtree, state, time, level, event."""
        wanted = self.form.cleaned_data if self.form.is_valid() else {}
        qs = self._in_time(self.in_state(), wanted)
        if wanted.get("event_type"):
            qs = qs.filter(**{f"{EVENT_COLUMNS[wanted['event_type']]}__gt": 0})
        if wanted.get("level"):
            qs = qs.filter(level_min__lte=wanted["level"], level_max__gte=wanted["level"])
        return qs

    @property
    def narrows_sightings(self) -> bool:
        """Time, level or event type is asked of a sighting, beside its state and its group."""
        wanted = self.form.cleaned_data if self.form.is_valid() else {}
        return any(wanted.get(name) for name in NARROWING)

    def in_state(self) -> QuerySet[Sighting]:
        """Sightings of scope, subtree and state: what indexes know."""
        return _in_state(self.in_scope(), self.chosen_state, self.now)

    def in_scope(self) -> QuerySet[Sighting]:
        """Every sighting of the person's groups in the chosen subtree and site."""
        ids = self.groups
        return Sighting.objects.all() if ids is None else Sighting.objects.filter(group__in=ids)

    def _in_time(self, qs: QuerySet[Sighting], wanted: dict[str, Any]) -> QuerySet[Sighting]:
        if wanted.get("since") == "change":
            qs = qs.filter(_since_change(self.now))
        elif wanted.get("since"):
            qs = qs.filter(last_at__gte=self.now - timedelta(days=int(wanted["since"])))
        if wanted.get("seen_from"):
            qs = qs.filter(last_at__gte=_midnight(wanted["seen_from"]))
        if wanted.get("seen_to"):
            qs = qs.filter(first_at__lt=_midnight(wanted["seen_to"]) + timedelta(days=1))
        return qs


def _midnight(day: Any) -> datetime:
    zone = timezone.get_current_timezone()
    day = min(max(day, EARLIEST), LATEST)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _since_change(now: datetime) -> Q:
    """Seen since the last confirmed level or step back of the group's own scan policy [p. 73].

    A group without a recorded change has no such moment and is left out.
    """
    moments: dict[datetime, list[int]] = {}
    for group_id, at in last_changes(now).items():
        moments.setdefault(at, []).append(group_id)
    where = Q(pk__in=[])
    for at, groups in moments.items():
        where |= Q(group__in=groups, last_at__gte=at)
    return where


def _in_state(qs: QuerySet[Sighting], state: str, now: datetime) -> QuerySet[Sighting]:
    if state in OPEN_STATES:
        return qs.filter(is_candidate=True, covered_until__lte=now, observed_until__lte=now)
    if state == "decided":
        return qs.filter(covered_until__gt=now)
    return qs.filter(observed_until__gt=now) if state == "observed" else qs


def _matching(qs: QuerySet[ProcessSummary], text: str) -> QuerySet[ProcessSummary]:
    """All words must occur, each as a whole token or as the start of one."""
    found = words(text)
    if not found:
        return qs.none()
    query = " & ".join(f"'{word}':*" for word in found)
    return qs.filter(process__search=SearchQuery(query, config="simple", search_type="raw"))
