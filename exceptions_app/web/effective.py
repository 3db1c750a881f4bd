"""The effective set: what clients of a group or location are ordered, today or on any day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.errors import ExceptionsError
from exceptions_app.export.package import location_called
from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import draft_sets, policies_in_force
from exceptions_app.policies.placed import set_at
from exceptions_app.web.groups import get_group
from truscan.models.estate import Group, Location
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

RULES = 500


@require_GET
def effective_set(request: HttpRequest, pk: int) -> HttpResponse:
    """`location` is a name, `on` a day in the person's zone, of which its end counts."""
    group, user = get_group(request, pk), person(request)
    name, on = text_of(request.GET, "location", 256), text_of(request.GET, "on")
    try:
        at = _end_of(on) if on else timezone.now()
        location = location_called(group, name) if name else None
    except (ValueError, OverflowError):
        messages.error(request, "Give a day as year, month and day, such as 2026-03-01.")
        return redirect("group-effective", pk)
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("group-effective", pk)
    found = set_at(group, location, at)
    ids = [row.location_id for row in policies_in_force([group.pk]) if row.location_id]
    ctx = {
        "group": group,
        "location": location,
        "locations": Location.objects.filter(pk__in=ids),
        "on": on,
        "at": at,
        "found": found,
        "entries": found.entries[:RULES],
        "draft": None if on else draft_sets(group.pk, at).get(location.pk if location else None),
        "path": [
            (one, Group.objects.visible_to(user).filter(pk=one.pk).exists()) for one in found.path
        ],
        "policy_is_mine": found.policy is not None
        and Policy.objects.visible_to(user).filter(pk=found.policy.pk).exists(),
    }
    return render(request, "exceptions_app/groups/effective.html", ctx)


def _end_of(day: str) -> datetime:
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time.min)
    return timezone.make_aware(midnight) - timedelta(microseconds=1)


urlpatterns = [path("groups/<int:pk>/effective/", effective_set, name="group-effective")]
