"""How long a class of processes may wait: administrators of the whole estate set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exceptions_app.triage.ageing import CLASSES, DAYS_MAX, set_targets, targets
from exceptions_app.web.lint import require_estate_administrator
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class TargetsForm(forms.Form):
    """A number of days by class; empty: it may wait."""

    def __init__(self, data: Any, **more: Any) -> None:
        super().__init__(data, **more)
        for word, label in CLASSES.items():
            self.fields[word] = forms.IntegerField(
                min_value=1, max_value=DAYS_MAX, required=False, label=label
            )


@require_http_methods(["GET", "POST"])
def class_targets(request: HttpRequest) -> HttpResponse:
    user, known = person(request), targets()
    form = TargetsForm(request.POST or None, initial=known)
    if request.method == "POST":
        require_estate_administrator(user)
        if form.is_valid():
            set_targets(actor=Actor.on_web(user), days=form.cleaned_data)
            messages.success(request, "Saved; the inbox marks what is overdue by it.")
            return redirect("class-targets")
    ctx = {
        "form": form,
        "known": [(label, known.get(word)) for word, label in CLASSES.items()],
        "set_count": len(known),
        "may_edit": sees_whole_estate(user, "administrator"),
    }
    return render(request, "exceptions_app/targets.html", ctx)


urlpatterns = [path("class-targets/", class_targets, name="class-targets")]
