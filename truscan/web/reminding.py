"""How a person is reminded: the digest, quiet hours, the calendar of all his plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from truscan.access.actor import Actor
from truscan.access.reminding import RemindingError, set_reminding
from truscan.models.access import PersonSettings
from truscan.ramp.calendar import feed_of_person, make_own_link, person_by_secret
from truscan.ramp.mornings import items_now
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest


class RemindingForm(forms.Form):
    digest = forms.BooleanField(
        required=False, label="One message each morning instead of single reminders"
    )
    quiet_from = forms.TimeField(
        required=False,
        label="Quiet from",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Messages that are due meanwhile wait until then. Leave both empty for none.",
    )


@never_cache
@require_http_methods(["GET", "POST"])
def reminding_page(request: HttpRequest) -> HttpResponse:
    user, chosen = person(request), _chosen(request)
    initial = {name: getattr(chosen, name) for name in ("digest", "quiet_from", "quiet_until")}
    form = RemindingForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_reminding(actor=Actor.on_web(user), user=user, **form.cleaned_data)
        except RemindingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "From now on you are reminded so.")
            return redirect("reminding")
    return _page(request, form, chosen)


@never_cache
@require_POST
def own_calendar_link(request: HttpRequest) -> HttpResponse:
    user = person(request)
    secret = make_own_link(actor=Actor.on_web(user), user=user)
    address = request.build_absolute_uri(reverse("own-calendar", args=[secret]))
    chosen = _chosen(request)
    initial = {name: getattr(chosen, name) for name in ("digest", "quiet_from", "quiet_until")}
    return _page(request, RemindingForm(initial=initial), chosen, address)


@require_GET
def own_calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """Calendar programs have no session: the secret in the address is the key."""
    user = person_by_secret(secret)
    if user is None:
        raise Http404
    feed = feed_of_person(user, timezone.now())
    r = HttpResponse(feed, content_type="text/calendar; charset=utf-8")
    r["Content-Disposition"] = 'inline; filename="ramp-plans.ics"'
    r["Cache-Control"] = "private, max-age=300"
    return r


def _chosen(request: HttpRequest) -> PersonSettings:
    user = person(request)
    return PersonSettings.objects.filter(user=user).first() or PersonSettings(user=user)


def _page(
    request: HttpRequest, form: RemindingForm, chosen: PersonSettings, address: str = ""
) -> HttpResponse:
    ctx = {
        "form": form,
        "chosen": chosen,
        "address": address,
        "items": items_now(person(request), timezone.now()),
    }
    return render(request, "truscan/people/reminding.html", ctx)


urlpatterns = [
    path("settings/reminders/", reminding_page, name="reminding"),
    path("settings/calendar/", own_calendar_link, name="own-calendar-link"),
    path("calendar/own/<str:secret>.ics", own_calendar, name="own-calendar"),
]
