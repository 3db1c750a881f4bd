"""The base set of a policy: choosing it, and taking over what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.policies.base_set import base_of, follow, set_base
from exceptions_app.web.policies import get_policy, require_write
from exceptions_app.web.told import skipped_words
from truscan.access.actor import Actor
from truscan.web.frame import forget_counts
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_POST
def policy_base(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the base by its name, or none by an empty one."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "analyst")
    name = text_of(request.POST, "base", 255).strip()
    base = Policy.objects.visible_to(user).filter(name__iexact=name).first() if name else None
    if name and base is None:
        messages.error(request, f"You see no policy named {name}: write its whole name.")
        return redirect("policy", pk)
    try:
        set_base(actor=Actor.on_web(user), policy=policy, base=base, now=timezone.now())
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("policy", pk)


@require_POST
def policy_follow_base(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over what the base holds; each decision of it is undone like any other."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "analyst")
    base = base_of(policy)
    if base is not None and not Policy.objects.visible_to(user).contains(base):
        raise PermissionDenied("Its base is outside your groups: ask somebody who sees it.")
    try:
        done = follow(actor=Actor.on_web(user), policy=policy, now=timezone.now())
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("policy", pk)
    text = f"Taken over: {done.written:,} written, {done.retired:,} removed."
    skipped = [skip for result in done.results for skip in result.skipped]
    messages.success(request, f"{text}{skipped_words(skipped)} Clients get it when you publish.")
    forget_counts(user)
    return redirect("policy", pk)


urlpatterns = [
    path("policies/<int:pk>/base/", policy_base, name="policy-base"),
    path("policies/<int:pk>/follow-base/", policy_follow_base, name="policy-follow-base"),
]
