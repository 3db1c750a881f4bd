"""Reviews: what is due, expires, is unused or dead; kept, removed or handed over one by one."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.errors import BadValue, ExceptionsError
from exceptions_app.life import reviews
from exceptions_app.life.evidence import reviews_of
from exceptions_app.models.exception import ProcessException
from exceptions_app.replay.run import replay_end
from exceptions_app.triage.amend import Terms, amend
from exceptions_app.triage.remove_request import remove_or_ask
from exceptions_app.web.decide_act import end_of
from exceptions_app.web.policies import require_write
from exceptions_app.web.replay import CHOICES, days_of
from exceptions_app.web.replay_rows import seen_groups, shown
from exceptions_app.web.told import next_address, skipped_words, tell_removed
from truscan.access.actor import Actor
from truscan.models.estate import Computer
from truscan.web.frame import count_if_any, forget_counts
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

    from exceptions_app.models.exception import ProcessException
    from exceptions_app.triage.decide import Result

# A campaign works from the front, so one page of it is enough at a time.
SHOWN = 50
KEEP_FOR = timedelta(days=180)
DAY_CHOICES = (30, 90, 180, 365)


class TermsForm(forms.Form):
    owner = forms.CharField(max_length=150, required=False)
    review_on = forms.DateField(required=False)
    expires_on = forms.DateField(required=False)
    why = forms.CharField(max_length=4000)


def due_count(user: AbstractBaseUser) -> int | None:
    """For the rail: reviews that are due; none is not a number worth showing."""
    now = timezone.now()
    return count_if_any(
        reviews.in_tab(ProcessException.objects.filter(retired_at=None), "due", now),
        lambda: reviews.in_tab(reviews.seen_exceptions(user), "due", now),
    )


def get_exception(request: HttpRequest, pk: int) -> ProcessException:
    rows = reviews.seen_exceptions(person(request))
    return get_object_or_404(rows.select_related("policy", "process", "owner"), pk=pk)


def window_of(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 5):
        return reviews.DAYS
    return min(max(int(text), reviews.LEAST_DAYS), reviews.MOST_DAYS)


@require_GET
def review_list(request: HttpRequest) -> HttpResponse:
    user, now, days = person(request), timezone.now(), window_of(request)
    tab = request.GET.get("tab", "")
    tab = tab if tab in reviews.TABS else "due"
    is_mine = request.GET.get("owner") == "me"
    seen = reviews.seen_exceptions(user)
    rows = reviews.in_tab(reviews.mine(seen, user) if is_mine else seen, tab, now, days)
    found = list(rows.select_related("policy", "process", "owner")[: SHOWN + 1])
    heard = Computer.objects.filter(last_heard_at__gt=now - timedelta(days=days))
    query = {"days": days} | ({"owner": "me"} if is_mine else {})
    ctx: dict[str, Any] = {
        "tab": tab,
        "tabs": [
            (word, label, urlencode({"tab": word, **query})) for word, label in reviews.TABS.items()
        ],
        "reviews": reviews_of(found[:SHOWN], user, now, days),
        "more": len(found) > SHOWN,
        "shown": SHOWN,
        "days": days,
        "day_choices": DAY_CHOICES,
        "is_mine": is_mine,
        "is_heard": tab not in ("unused", "dead") or heard.exists(),
        "next_review": (now.astimezone(UTC) + KEEP_FOR).date(),
    }
    return render(request, "exceptions_app/reviews/list.html", ctx)


@require_POST
def review_act(request: HttpRequest, pk: int) -> HttpResponse:
    """`answer` is keep (until the new review date), remove, or edit."""
    row, user = get_exception(request, pk), person(request)
    require_write(user, row.policy, "analyst")
    answer, actor, now = request.POST.get("answer"), Actor.on_web(user), timezone.now()
    reason = text_of(request.POST, "reason", 2000)
    try:
        if answer == "remove":
            said = f"Review: {reason or 'not needed any more'}"
            gone = remove_or_ask(actor=actor, exceptions=[pk], reason=said, now=now)
            tell_removed(request, gone, str(row.process))
        else:
            new = _kept(request, row) if answer == "keep" else _edited(request, row)
            said = reason or ("looked at and kept" if answer == "keep" else "terms changed")
            result = amend(actor=actor, terms={pk: new}, reason=f"Review: {said}", now=now)
            text = f"{row.process} is kept until {new.review_on}."
            if answer != "keep":
                text = f"{row.process} is saved; its review is {new.review_on or 'on no date'}."
            _tell(request, result, text)
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        forget_counts(user)
    return redirect(next_address(request) if request.POST.get("next") else reverse("review-list"))


def _kept(request: HttpRequest, row: ProcessException) -> Terms:
    form = forms.DateField()
    try:
        review_on = form.clean(request.POST.get("review_on", ""))
    except forms.ValidationError as error:
        raise BadValue("Give the next review as a date, such as 2027-06-30.") from error
    return Terms(row.owner, review_on, row.expires_at, row.reason)


def _edited(request: HttpRequest, row: ProcessException) -> Terms:
    form = TermsForm(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise BadValue(f"{form.fields[name].label or name.replace('_', ' ')}: {errors[0]}")
    told = form.cleaned_data
    day, stood = told["expires_on"], row.expires_at
    stands = stood is not None and day == timezone.localtime(stood).date()
    return Terms(
        owner=owner_named(told["owner"].strip()),
        review_on=told["review_on"],
        expires_at=stood if stands else end_of(day),
        why=told["why"],
    )


def owner_named(name: str) -> User | None:
    """The person of that name; nobody for no name."""
    owner = User.objects.filter(username=name, is_active=True).first()
    if name and owner is None:
        raise BadValue(f"{name} is no person here: give a user name, or leave it empty.")
    return owner


def _tell(request: HttpRequest, result: Result, text: str) -> None:
    if result.decision is None:
        messages.info(request, f"Nothing changed.{skipped_words(result.skipped)}")
        return
    messages.success(request, text, extra_tags=f"undo:{result.decision.pk}")


@require_GET
def review_end(request: HttpRequest, pk: int) -> HttpResponse:
    """What the end of an exception, by expiry or removal, would have done; to htmx the sums only,
    for its card."""
    row, user, now = get_exception(request, pk), person(request), timezone.now()
    done = replay_end(
        pk,
        row.policy_id,
        now=now,
        days=days_of(request),
        groups=seen_groups(user),
    )
    is_expired = row.expires_at is not None and row.expires_at <= now
    ctx = {**shown(done), "row": row, "choices": CHOICES, "is_expired": is_expired}
    page = "_end.html" if request.headers.get("HX-Request") else "end.html"
    return render(request, f"exceptions_app/reviews/{page}", ctx)


urlpatterns = [
    path("reviews/", review_list, name="review-list"),
    path("reviews/<int:pk>/", review_act, name="review-act"),
    path("reviews/<int:pk>/end/", review_end, name="review-end"),
]
