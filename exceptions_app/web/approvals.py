"""Acts that wait for a second person: the list, one of them, yes, no, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.policies import publish_request
from exceptions_app.policies.approval import (
    ACTS,
    approve,
    decline,
    may_settle,
    why_not,
    withdraw,
)
from exceptions_app.policies.publish_request import ask_to_publish
from exceptions_app.web.approval_rows import decide_state
from exceptions_app.web.lint import lint_state
from exceptions_app.web.policies import get_policy, require_write
from exceptions_app.web.policy_rows import policy_state
from exceptions_app.web.replay_rows import draft_replay
from truscan.access.actor import Actor
from truscan.web.frame import count_if_any, forget_counts
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

SHOWN = 100


def waiting(user: AbstractBaseUser) -> int | None:
    """For the rail: open requests that the person sees; none is not a number worth showing."""
    asking = ApprovalRequest.objects.filter(state=ApprovalRequest.State.OPEN)
    return count_if_any(asking, lambda: asking.visible_to(user))


def get_request(request: HttpRequest, pk: int) -> ApprovalRequest:
    return get_object_or_404(ApprovalRequest.objects.visible_to(person(request)), pk=pk)


@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """Those that wait, then the last ones that were settled."""
    rows = ApprovalRequest.objects.visible_to(person(request))
    ctx = {
        "waiting": list(rows.filter(state=ApprovalRequest.State.OPEN)[:SHOWN]),
        "settled": list(rows.exclude(state=ApprovalRequest.State.OPEN)[:SHOWN]),
        "shown": SHOWN,
    }
    return render(request, "exceptions_app/approvals/list.html", ctx)


@require_GET
def approval_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What was asked for and what it would do; who may says yes or no here."""
    row, user = get_request(request, pk), person(request)
    ctx: dict[str, Any] = {
        "row": row,
        "act": ACTS[row.act],
        "may_settle": row.is_open and may_settle(user, row),
        "why_not": why_not(row, Actor.on_web(user)) if row.is_open else "",
        "is_mine": row.requester_id == user.pk,
    }
    if row.act == publish_request.PUBLISH and row.is_open:
        ctx |= policy_state(row.policies.get(), user, timezone.now())
        ctx |= lint_state(row.policies.get(), timezone.now())
        ctx |= draft_replay(row.policies.get(), user, timezone.now())
        ctx["is_current"] = publish_request.is_current(row, timezone.now())
    if row.act != publish_request.PUBLISH:
        ctx |= decide_state(row, user, timezone.now())
    return render(request, "exceptions_app/approvals/approval.html", ctx)


@require_POST
def approval_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """`answer` is approve, decline or withdraw."""
    row, user = get_request(request, pk), person(request)
    answer, comment = text_of(request.POST, "answer"), text_of(request.POST, "comment", 2000)
    actor, now = Actor.on_web(user), timezone.now()
    if answer != "withdraw" and not may_settle(user, row):
        raise PermissionDenied(f"You are no {ACTS[row.act].role} of every group that it touches.")
    try:
        if answer == "approve":
            approve(actor=actor, request=row, now=now, comment=comment)
            messages.success(request, f"Approved and done: {row}.")
        elif answer == "decline":
            decline(actor=actor, request=row, now=now, comment=comment)
            messages.success(request, f"Declined: {row}. {row.requester_name} reads why here.")
        else:
            withdraw(actor=actor, request=row, now=now, comment=comment)
            messages.success(request, f"Withdrawn: {row}.")
    except ExceptionsError as error:
        messages.error(request, str(error))
    forget_counts(user)
    return redirect("approval", pk)


@require_http_methods(["GET", "POST"])
def policy_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask somebody else to publish: for who may not, or not alone."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "analyst")
    if request.method == "GET":
        ctx = policy_state(policy, user, timezone.now())
        ctx |= lint_state(policy, timezone.now())
        ctx |= draft_replay(policy, user, timezone.now())
        ctx["open_request"] = publish_request.open_request(policy)
        return render(request, "exceptions_app/policies/ask.html", ctx)
    try:
        row = ask_to_publish(
            actor=Actor.on_web(user),
            policy=policy,
            now=timezone.now(),
            note=text_of(request.POST, "note", 2000),
        )
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("policy", pk)
    messages.success(request, "Asked. Nothing is published before somebody else approves it.")
    forget_counts(user)
    return redirect("approval", row.pk)


urlpatterns = [
    path("approvals/", approval_list, name="approval-list"),
    path("approvals/<int:pk>/", approval_page, name="approval"),
    path("approvals/<int:pk>/settle/", approval_settle, name="approval-settle"),
    path("policies/<int:pk>/ask/", policy_ask, name="policy-ask"),
]
