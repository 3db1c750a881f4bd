"""My work: where I was named, what waits for my yes or no, what I asked for, my reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.triage.comments import see_mentions
from exceptions_app.triage.my_work import mentions_of, my_work, unseen_mentions
from truscan.web.frame import count_if_any, forget_counts
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, User
    from django.http import HttpRequest, HttpResponse

COUNTED_MAX = 100


def waits(user: AbstractBaseUser) -> int | None:
    """For the rail: mentions; requests and reviews have numbers of their own."""
    who = cast("User", user)
    return count_if_any(mentions_of(who), lambda: unseen_mentions(who))


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    ctx = {"work": my_work(person(request), timezone.now())}
    return render(request, "exceptions_app/my_work/page.html", ctx)


@require_POST
def mentions_seen(request: HttpRequest) -> HttpResponse:
    """Put one mention away (`mention`), or all that the page showed."""
    user = person(request)
    told = [
        int(text)
        for text in request.POST.getlist("mention")[:COUNTED_MAX]
        if text.isascii() and text.isdecimal() and len(text) < 19
    ]
    see_mentions(user=user, mentions=told, now=timezone.now())
    forget_counts(user)
    return redirect("my-work")


urlpatterns = [
    path("my-work/", page, name="my-work"),
    path("my-work/mentions/seen/", mentions_seen, name="my-work-mentions-seen"),
]
