"""Sites with the zone and encoding of their exports, and the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.access.sites import SiteError, edit_site, explain_term
from truscan.models.estate import Site
from truscan.models.log_import import VocabularyTerm
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

KINDS = [("event", "Event"), ("application_type", "Application type"), ("action", "Action")]


class SiteForm(forms.Form):
    timezone = forms.CharField(max_length=64, label="Time zone of its exports")
    encoding = forms.CharField(
        max_length=32, required=False, label="Encoding", help_text="Empty: found out per file."
    )


class TermForm(forms.Form):
    kind = forms.ChoiceField(choices=KINDS, label="Column")
    text = forms.CharField(max_length=255, label="As the log writes it")
    meaning = forms.CharField(max_length=255, label="In English")


def _administrator(request: HttpRequest) -> User:
    user = person(request)
    if not sees_whole_estate(user, "administrator"):
        raise Http404
    return user


@require_http_methods(["GET", "POST"])
def site_list(request: HttpRequest) -> HttpResponse:
    """All sites; a POST explains a term of the vocabulary."""
    user = _administrator(request)
    form = TermForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        term = explain_term(actor=Actor.on_web(user), **form.cleaned_data)
        messages.success(request, f"{term.text} is read as {term.meaning} from the next import on.")
        return redirect("site-list")
    ctx = {
        "sites": Site.objects.all(),
        "terms": VocabularyTerm.objects.order_by("kind", "text")[:500],
        "form": form,
    }
    return render(request, "truscan/sites/list.html", ctx)


@require_http_methods(["GET", "POST"])
def site_page(request: HttpRequest, pk: int) -> HttpResponse:
    user = _administrator(request)
    site = get_object_or_404(Site, pk=pk)
    initial = {"timezone": site.timezone, "encoding": site.encoding}
    form = SiteForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            edit_site(actor=Actor.on_web(user), site=site, **form.cleaned_data)
        except SiteError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved; it holds for imports from now on.")
            return redirect("site-list")
    ctx = {"site": site, "form": form, "mappings": site.mappings.all()[:50]}
    return render(request, "truscan/sites/site.html", ctx)


urlpatterns = [
    path("sites/", site_list, name="site-list"),
    path("sites/<int:pk>/", site_page, name="site"),
]
