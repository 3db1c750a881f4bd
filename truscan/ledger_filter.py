"""The ledger's filters, one for the page and its API twin."""

from __future__ import annotations

import django_filters
from django import forms

from truscan.models.audit import AuditEvent

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"})


class LedgerFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    """The page's and the API's filters."""

    actor = django_filters.CharFilter("actor_name", "icontains", label="Who")
    code = django_filters.CharFilter("code", "startswith", label="Act, such as policy.")
    object_type = django_filters.CharFilter("object_type", "iexact", label="Kind of thing")
    object_id = django_filters.CharFilter("object_id", "exact", label="Its number")
    since = django_filters.IsoDateTimeFilter("at", "gte", label="Since", widget=MOMENT)
    until = django_filters.IsoDateTimeFilter("at", "lt", label="Before", widget=MOMENT)
    before_id = django_filters.NumberFilter("id", "lt", label="Older than entry")

    class Meta:
        model = AuditEvent
        fields: list[str] = []
