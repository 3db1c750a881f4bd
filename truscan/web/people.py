"""People and their roles, API tokens, and what a person chose for himself."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from truscan.access.actor import Actor
from truscan.access.people import (
    PeopleError,
    create_person,
    grant_role,
    may_manage,
    new_password,
    revoke_role,
    set_active,
)
from truscan.access.scope import group_ids, has_role_anywhere
from truscan.access.tokens import MAX_DAYS, SCOPES, TokenError, create_token, revoke_token
from truscan.models.access import ApiToken, PersonSettings, Role, RoleGrant
from truscan.models.estate import Group
from truscan.web.gate import person, person_with

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class PersonForm(forms.Form):
    username = forms.CharField(max_length=150, label="User name")
    email = forms.EmailField(required=False, label="E-mail, for reminders")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
    group = forms.CharField(
        required=False,
        label="Group",
        help_text="A path such as My Company\\Sales; empty means the whole estate.",
    )

    def __init__(self, *args: Any, manager: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mine = Group.objects.visible_to(manager, "administrator")

    def clean_group(self) -> Group | None:
        text = self.cleaned_data["group"].strip().rstrip("\\")
        if not text:
            return None
        found = list(self.mine.filter(path_key=text.casefold())[:2])
        if len(found) != 1:
            raise forms.ValidationError(f"You administer no single group {text}.")
        return found[0]


# What each scope lets a token do, within the roles of its person.
SAID = {
    "read": "see what you see",
    "import": "hand in, withdraw and re-read logs",
    "decide": "respond, observe, undo, comment",
    "publish": "publish, approve, export to SEPM",
    "ramp": "confirm levels and change plans",
    "admin": "change what administrators set",
}


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What it is for.")
    days = forms.IntegerField(min_value=1, max_value=MAX_DAYS, initial=90, label="Valid for days")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {SAID[scope]}") for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
    )


class ZoneForm(forms.Form):
    timezone = forms.CharField(label="Time zone", max_length=64)

    def clean_timezone(self) -> str:
        name = str(self.cleaned_data["timezone"])
        if name not in zoneinfo.available_timezones():
            raise forms.ValidationError("Write it as in Europe/Berlin or America/New_York.")
        return name


@never_cache
@require_http_methods(["GET", "POST"])
def people_list(request: HttpRequest) -> HttpResponse:
    manager = person_with(request, "administrator")
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = create_person(actor=Actor.on_web(manager), **form.cleaned_data)
        except PeopleError as error:
            form.add_error(None, str(error))
        else:
            ctx = {"shown": password, "person": user}
            return render(request, "truscan/people/password.html", ctx)
    shown = Prefetch("role_grants", _grants(manager).order_by("pk"), to_attr="grants_shown")
    people = User.objects.prefetch_related(shown).annotate(grants_total=Count("role_grants"))
    ctx = {"people": people.order_by("username"), "form": form}
    return render(request, "truscan/people/list.html", ctx)


def _grants(manager: User) -> QuerySet[RoleGrant]:
    """Those of groups that the manager administers, and those that name no group."""
    ids, grants = group_ids(manager, "administrator"), RoleGrant.objects.select_related("group")
    return grants if ids is None else grants.filter(Q(group=None) | Q(group__in=ids))


@require_http_methods(["GET", "POST"])
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    manager = person_with(request, "administrator")
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST or None, manager=manager)
    if request.method == "POST" and form.is_valid():
        try:
            grant_role(actor=Actor.on_web(manager), user=user, **form.cleaned_data)
        except PeopleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{user} has the role now.")
            return redirect("person", pk=pk)
    grants = list(_grants(manager).filter(user=user).order_by("group__path_key"))
    manages_all = may_manage(manager, None)
    ctx = {
        "person": user,
        "form": form,
        "grants": grants,
        "grants_hidden": user.role_grants.count() - len(grants),
        "tokens": user.api_tokens.all()[:50] if manages_all or user == manager else None,
        "manages_all": manages_all,
    }
    return render(request, "truscan/people/person.html", ctx)


@never_cache
@require_POST
def person_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """close, reopen, password: only an administrator of the whole estate."""
    manager = person_with(request, "administrator")
    user = get_object_or_404(User, pk=pk)
    actor = Actor.on_web(manager)
    if not may_manage(manager, None):
        raise PermissionDenied("Only an administrator of the whole estate does that.")
    try:
        if act == "password":
            ctx = {"shown": new_password(actor=actor, user=user), "person": user}
            return render(request, "truscan/people/password.html", ctx)
        set_active(actor=actor, user=user, active=act == "reopen")
    except PeopleError as error:
        messages.error(request, str(error))
    return redirect("person", pk=pk)


@require_POST
def role_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    manager = person_with(request, "administrator")
    grant = get_object_or_404(_grants(manager).select_related("user"), pk=pk)
    try:
        revoke_role(actor=Actor.on_web(manager), grant=grant)
    except PeopleError as error:
        messages.error(request, str(error))
    return redirect("person", pk=grant.user_id)


@never_cache
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """A person's own tokens; the text of a new one is shown once."""
    user = person(request)
    form = TokenForm(request.POST or None)
    shown = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, shown = create_token(
                actor=Actor.on_web(user), user=user, now=timezone.now(), **form.cleaned_data
            )
        except TokenError as error:
            form.add_error(None, str(error))
    ctx = {"tokens": user.api_tokens.all()[:100], "form": form, "shown": shown}
    return render(request, "truscan/people/tokens.html", ctx)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own, or anybody's for an administrator of the whole estate."""
    user = person(request)
    tokens = ApiToken.objects.all() if may_manage(user, None) else user.api_tokens.all()
    token = get_object_or_404(tokens, pk=pk)
    revoke_token(actor=Actor.on_web(user), token=token, now=timezone.now())
    messages.success(request, f"The token {token.name} no longer works.")
    return redirect("token-list" if token.user_id == user.pk else "people-list")


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    chosen = PersonSettings.objects.filter(user=user).first() or PersonSettings(user=user)
    form = ZoneForm(request.POST or None, initial={"timezone": chosen.timezone})
    if request.method == "POST" and form.is_valid():
        chosen.timezone = form.cleaned_data["timezone"]
        chosen.save()
        messages.success(request, f"Times are shown in {chosen.timezone} now.")
        return redirect("settings")
    ctx = {
        "form": form,
        "zones": sorted(zoneinfo.available_timezones()),
        "grants": user.role_grants.select_related("group"),
        "administers": has_role_anywhere(user, "administrator"),
    }
    return render(request, "truscan/people/settings.html", ctx)


urlpatterns = [
    path("people/", people_list, name="people-list"),
    path("people/<int:pk>/", person_page, name="person"),
    path("people/<int:pk>/close/", person_act, {"act": "close"}, name="person-close"),
    path("people/<int:pk>/reopen/", person_act, {"act": "reopen"}, name="person-reopen"),
    path("people/<int:pk>/password/", person_act, {"act": "password"}, name="person-password"),
    path("people/roles/<int:pk>/revoke/", role_revoke, name="role-revoke"),
    path("tokens/", token_list, name="token-list"),
    path("tokens/<int:pk>/revoke/", token_revoke, name="token-revoke"),
    path("settings/", settings_page, name="settings"),
]
