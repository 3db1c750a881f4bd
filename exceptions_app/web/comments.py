"""Comments on a process: a page, the same as a fragment for the inbox, and the names to mention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.comment import Comment
from exceptions_app.triage.comments import TEXT_MAX, add_comment, take_back
from exceptions_app.web.comment_rows import comments_of, may_comment
from exceptions_app.web.process import visible_process
from exceptions_app.web.told import next_address
from truscan.access.actor import Actor
from truscan.access.audience import people_who_see
from truscan.access.scope import sees_whole_estate
from truscan.web.frame import forget_counts
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SUGGESTED = 8
PEOPLE_SHOWN = 30


@require_http_methods(["GET", "POST"])
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    """The comments; POST adds one. For htmx only the section, else the page or a way back."""
    process, user = visible_process(request, pk), person(request)
    error, text = "", ""
    if request.method == "POST":
        if not may_comment(user, process):
            raise Http404
        text = request.POST.get("text", "")
        try:
            row = add_comment(
                actor=Actor.on_web(user),
                author=user,
                process=process,
                text=text,
                now=timezone.now(),
            )
        except ExceptionsError as refused:
            error = str(refused)
        else:
            forget_counts(user)
            if not request.headers.get("HX-Request"):
                return redirect(f"{next_address(request)}#comment-{row.pk}")
            text = ""
    ctx = {"process": process, "error": error, "text": text[:TEXT_MAX]}
    ctx |= comments_of(user, process)
    if request.headers.get("HX-Request"):
        return render(request, "exceptions_app/comments/_comments.html", ctx)
    ctx["people"] = list(people_who_see(process)[: PEOPLE_SHOWN + 1])
    status = 422 if error else 200
    return render(request, "exceptions_app/comments/page.html", ctx, status=status)


@require_POST
def comment_take_back(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """One's own, soon after; an administrator of the whole estate takes any back."""
    process, user = visible_process(request, pk), person(request)
    row = get_object_or_404(Comment, pk=comment_pk, process=process)
    administers = sees_whole_estate(user, "administrator")
    if row.author_id != user.pk and not administers:
        raise Http404
    try:
        take_back(
            actor=Actor.on_web(user),
            comment=row,
            now=timezone.now(),
            at_any_time=administers,
        )
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    if request.headers.get("HX-Request"):
        ctx = {"process": process, **comments_of(user, process)}
        return render(request, "exceptions_app/comments/_comments.html", ctx)
    return redirect(f"{next_address(request)}#comment-{row.pk}")


@require_GET
def comment_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Names that begin with `q`, among the people who see the process."""
    process, typed = visible_process(request, pk), text_of(request.GET, "q", 150)
    found = people_who_see(process).filter(username__istartswith=typed)
    ctx = {"people": list(found[:SUGGESTED])}
    return render(request, "exceptions_app/comments/_people.html", ctx)


urlpatterns = [
    path("processes/<int:pk>/comments/", comments, name="process-comments"),
    path("processes/<int:pk>/comments/people/", comment_people, name="process-comment-people"),
    path(
        "processes/<int:pk>/comments/<int:comment_pk>/take-back/",
        comment_take_back,
        name="process-comment-take-back",
    ),
]
