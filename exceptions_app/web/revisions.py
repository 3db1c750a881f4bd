"""A revision: what it says, what differs from another one, and the way back to it."""

from __future__ import annotations

import base64
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from exceptions_app.errors import ExceptionsError
from exceptions_app.export.targets import TARGETS
from exceptions_app.models.policy import Revision
from exceptions_app.policies.diff import between
from exceptions_app.policies.go_back import differences, go_back, way_back
from exceptions_app.policies.publish import as_of, is_proven, pending
from exceptions_app.policies.signing import fits, is_ours
from exceptions_app.replay.run import replay_revision
from exceptions_app.web.policies import get_policy, may_write, require_write
from exceptions_app.web.policy_rows import PLACES, change_state, places_of
from exceptions_app.web.replay_rows import seen_groups, shown
from exceptions_app.web.told import skipped_words
from truscan.access.actor import Actor
from truscan.web.frame import forget_counts
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest

RULES = 500
OTHERS = 60
SKIPS = 20


@require_GET
def revision_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    policy = get_policy(request, pk)
    revision = get_object_or_404(Revision, policy=policy, number=number)
    entries = revision.entries.select_related("process").order_by("process__name", "pk")
    numbers = list(policy.revisions.order_by("-number").values_list("number", flat=True))
    is_latest = number == numbers[0]
    ctx = {
        "policy": policy,
        "revision": revision,
        "entries": entries[:RULES],
        "total": entries.count(),
        "is_latest": is_latest,
        "is_proven": is_proven(revision),
        "signature_fits": fits(revision),
        "is_ours": is_ours(revision),
        "others": [n for n in numbers if n != number][:OTHERS],
        "may_go_back": not is_latest and may_write(person(request), policy, "approver"),
        "targets": TARGETS.values(),
    }
    return render(request, "exceptions_app/policies/revision.html", ctx)


@require_GET
def revision_file(request: HttpRequest, pk: int, number: int, form: str) -> HttpResponse:
    """The canonical text byte for byte (json), or its raw signature of 64 bytes (sig)."""
    policy = get_policy(request, pk)
    revision = get_object_or_404(Revision, policy=policy, number=number)
    if form == "sig" and not revision.signature:
        raise Http404
    text, kind = revision.canonical.encode(), "application/json"
    if form == "sig":
        text, kind = base64.b64decode(revision.signature), "application/octet-stream"
    name = f"policy-{policy.pk}-revision-{number}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=kind, headers=headers)


@require_GET
def policy_as_of(request: HttpRequest, pk: int) -> HttpResponse:
    """To the revision that was the latest at the end of a day, in the person's time zone."""
    policy = get_policy(request, pk)
    try:
        day = date.fromisoformat(text_of(request.GET, "on"))
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    except (ValueError, OverflowError):
        messages.error(request, "Give a day as year, month and day, such as 2026-03-01.")
        return redirect("policy", pk)
    revision = as_of(policy, end - timedelta(microseconds=1))
    if revision is None:
        messages.info(request, f"Nothing of {policy} was published by {day}.")
        return redirect("policy", pk)
    return redirect("revision", pk, revision.number)


@require_http_methods(["GET", "POST"])
def revision_go_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """GET shows what going back would change and whom it touches; POST does it and publishes."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "approver")
    revision = get_object_or_404(Revision, policy=policy, number=number)
    now = timezone.now()
    if request.method == "POST":
        try:
            published, result = go_back(
                actor=Actor.on_web(user),
                revision=revision,
                reason=text_of(request.POST, "reason", 2000),
                now=now,
            )
        except ExceptionsError as error:
            messages.error(request, str(error))
            return redirect("revision-go-back", pk, number)
        text = f"Revision {published.number} says what revision {number} said."
        undo = f"undo:{result.decision.pk}" if result.decision else ""
        rest = skipped_words(result.skipped) + " Export it and put it into SEPM."
        messages.success(request, text + rest, extra_tags=undo)
        forget_counts(user)
        return redirect("revision", pk, published.number)
    skips = way_back(revision, now).skips
    replay = replay_revision(
        revision, now=now, groups=seen_groups(user), without=[skip.process_id for skip in skips]
    )
    ctx = {
        "policy": policy,
        "revision": revision,
        "ahead": len(pending(policy, now)),
        "skips": skips[:SKIPS],
        "skips_hidden": max(len(skips) - SKIPS, 0),
        "places": places_of(policy, user),
        "places_most": PLACES,
        "unchanged": "Clients run these rules already.",
        **change_state(differences(revision, now)),
        **shown(replay),
    }
    return render(request, "exceptions_app/policies/go_back.html", ctx)


@require_GET
def revision_compare(request: HttpRequest, pk: int, number: int, other: int) -> HttpResponse:
    """What revision `other` says that `number` did not, and the other way round."""
    policy = get_policy(request, pk)
    before = get_object_or_404(Revision, policy=policy, number=number)
    after = get_object_or_404(Revision, policy=policy, number=other)
    ctx = {
        "policy": policy,
        "before": before,
        "after": after,
        "unchanged": "Both say the same.",
        **change_state(between(before, after)),
    }
    return render(request, "exceptions_app/policies/compare.html", ctx)


urlpatterns = [
    path("policies/<int:pk>/as-of/", policy_as_of, name="policy-as-of"),
    path("policies/<int:pk>/revisions/<int:number>/", revision_page, name="revision"),
    path(
        "policies/<int:pk>/revisions/<int:number>/revision.json",
        revision_file,
        {"form": "json"},
        name="revision-json",
    ),
    path(
        "policies/<int:pk>/revisions/<int:number>/revision.sig",
        revision_file,
        {"form": "sig"},
        name="revision-sig",
    ),
    path(
        "policies/<int:pk>/revisions/<int:number>/go-back/",
        revision_go_back,
        name="revision-go-back",
    ),
    path(
        "policies/<int:pk>/revisions/<int:number>/compare/<int:other>/",
        revision_compare,
        name="revision-compare",
    ),
]
