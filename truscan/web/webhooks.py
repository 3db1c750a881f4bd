"""What was told to which address, and once more on request; the twin of the API's webhooks/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.delivery.webhooks import send_again
from truscan.models.webhook import Webhook, WebhookDelivery
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

PAGE = 100


def _administrator(request: HttpRequest) -> User:
    user = person(request)
    if not sees_whole_estate(user, "administrator"):
        raise Http404
    return user


@require_GET
def webhook_list(request: HttpRequest) -> HttpResponse:
    """Every webhook, and the deliveries of all or of one, newest first."""
    _administrator(request)
    rows = WebhookDelivery.objects.select_related("event", "webhook")
    chosen, before = request.GET.get("webhook", ""), request.GET.get("before", "")
    if chosen.isascii() and chosen.isdecimal():
        rows = rows.filter(webhook=int(chosen[:18]))
    if before.isascii() and before.isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    ctx = {
        "webhooks": Webhook.objects.all()[:PAGE],
        "deliveries": found[:PAGE],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render(request, "truscan/webhooks.html", ctx)


@require_POST
def webhook_replay(request: HttpRequest, pk: int, delivery: int) -> HttpResponse:
    user = _administrator(request)
    row = get_object_or_404(
        WebhookDelivery.objects.select_related("webhook"), webhook=pk, pk=delivery
    )
    if send_again(actor=Actor.on_web(user), delivery=row, now=timezone.now()):
        messages.success(request, "It goes out again within a minute, under the id that it had.")
    else:
        messages.error(request, "It is on its way already, or its webhook has ended.")
    return redirect("webhook-list")


urlpatterns = [
    path("webhooks/", webhook_list, name="webhook-list"),
    path(
        "webhooks/<int:pk>/deliveries/<int:delivery>/replay/", webhook_replay, name="webhook-replay"
    ),
]
