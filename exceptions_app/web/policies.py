"""Policies: the list, a draft beside what clients have, publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.effective import groups_touched
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import open_request
from exceptions_app.triage.remove_request import remove_or_ask
from exceptions_app.web.arrived import arrived_of
from exceptions_app.web.base_rows import base_state
from exceptions_app.web.lint import lint_state
from exceptions_app.web.policy_rows import policy_lines, policy_page_state, policy_state
from exceptions_app.web.replay_rows import draft_replay
from exceptions_app.web.told import tell_removed
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.estate import Group
from truscan.web.frame import forget_counts
from truscan.web.gate import person, person_with, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

SHOWN = 300


class PolicyForm(forms.Form):
    name = forms.CharField(max_length=255)
    description = forms.CharField(max_length=1024, required=False)
    group = forms.CharField(
        required=False,
        label="Put it on group",
        help_text="A path such as My Company\\Sales; can be done later on the group's page.",
    )
    not_shared = forms.BooleanField(
        required=False, label="Not shared: for one location of one group only"
    )
    location = forms.CharField(required=False, max_length=256)


def get_policy(request: HttpRequest, pk: int) -> Policy:
    """The policy if one of its groups is in the person's scope, else there is none."""
    policy: Policy = get_object_or_404(Policy.objects.visible_to(person(request)), pk=pk)
    return policy


def may_write(user: User, policy: Policy, role: str) -> bool:
    """A policy may be written only if every group that it touches is in the user's scope."""
    if not has_role_anywhere(user, role):
        return False
    return may_write_groups(user, role, groups_touched([policy]))


def require_write(user: User, policy: Policy, role: str) -> None:
    if not may_write(user, policy, role):
        raise PermissionDenied(
            f"{policy} touches groups outside your scope, or you are no {role} there. "
            "Ask somebody who is."
        )


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    text = text_of(request.GET, "q")
    found = Policy.objects.visible_to(user).order_by("name")
    if text:
        found = found.filter(name__icontains=text)
    policies = list(found[: SHOWN + 1])
    ctx = {
        "lines": policy_lines(policies[:SHOWN]),
        "q": text,
        "more": len(policies) > SHOWN,
        "shown": SHOWN,
        "may_create": has_role_anywhere(user, "administrator"),
    }
    return render(request, "exceptions_app/policies/list.html", ctx)


@require_http_methods(["GET", "POST"])
def policy_create(request: HttpRequest) -> HttpResponse:
    user = person_with(request, "administrator")
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            policy = _create(user, form.cleaned_data)
        except ExceptionsError as error:
            form.add_error(None, str(error))
        else:
            return redirect("policy", policy.pk)
    return render(request, "exceptions_app/policies/create.html", {"form": form})


def _create(user: User, given: dict[str, str]) -> Policy:
    groups: list[Group] = []
    location = None
    if wanted := given["group"].strip().rstrip("\\"):
        visible = Group.objects.visible_to(user, "administrator")
        groups = list(visible.filter(path_key=wanted.casefold())[:2])
        if len(groups) != 1:
            raise ExceptionsError(f"There is no single group {wanted} that you administer.")
    if given["location"].strip() and groups:
        key = given["location"].strip().casefold()
        location = groups[0].locations.filter(name_key=key).first()
        if location is None:
            raise ExceptionsError("That group has no such location; add it on the group's page.")
    return create_policy(
        actor=Actor.on_web(user),
        name=given["name"].strip(),
        groups=groups,
        location=location,
        shared=not given["not_shared"],
        description=given["description"],
    )


@require_GET
def policy_page(request: HttpRequest, pk: int) -> HttpResponse:
    policy, user = get_policy(request, pk), person(request)
    text, after = text_of(request.GET, "q"), request.GET.get("after", "")
    ctx = policy_state(policy, user, timezone.now()) | policy_page_state(policy, user, text, after)
    ctx |= {
        "may_publish": may_write(user, policy, "approver"),
        "may_decide": may_write(user, policy, "analyst"),
        "may_administer": may_write(user, policy, "administrator"),
        "open_request": open_request(policy),
        **lint_state(policy, timezone.now()),
        **arrived_of(policy, user, timezone.now()),
        **base_state(policy, user, timezone.now()),
    }
    return render(request, "exceptions_app/policies/policy.html", ctx)


@require_http_methods(["GET", "POST"])
def policy_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows what would change and whom it touches; POST publishes."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "approver")
    if request.method == "POST":
        try:
            revision = publish(
                actor=Actor.on_web(user),
                policy=policy,
                now=timezone.now(),
                note=text_of(request.POST, "note", 2000),
            )
        except ExceptionsError as error:
            messages.error(request, str(error))
            return redirect("policy-publish", pk)
        messages.success(
            request, f"Revision {revision.number} is published. Export it and put it into SEPM."
        )
        return redirect("revision", pk, revision.number)
    now = timezone.now()
    ctx = policy_state(policy, user, now) | lint_state(policy, now)
    ctx |= draft_replay(policy, user, now)
    return render(request, "exceptions_app/policies/publish.html", ctx)


@require_POST
def exception_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one exception out of the draft; undone like any decision."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "analyst")
    wanted = request.POST.get("exception", "")
    ids = policy.exceptions.filter(
        retired_at=None, pk=int(wanted) if wanted.isascii() and wanted.isdecimal() else 0
    )
    try:
        result = remove_or_ask(
            actor=Actor.on_web(user),
            exceptions=list(ids.values_list("pk", flat=True)),
            reason=text_of(request.POST, "reason", 4000) or "removed on the policy page",
            now=timezone.now(),
        )
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        tell_removed(request, result)
        forget_counts(user)
    return redirect("policy", pk)


urlpatterns = [
    path("policies/", policy_list, name="policy-list"),
    path("policies/new/", policy_create, name="policy-create"),
    path("policies/<int:pk>/", policy_page, name="policy"),
    path("policies/<int:pk>/publish/", policy_publish, name="policy-publish"),
    path("policies/<int:pk>/retire/", exception_retire, name="exception-retire"),
]
