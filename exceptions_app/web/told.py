"""What a person is told after an act, and where he goes from there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.contrib import messages
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from exceptions_app.triage.decide import Result
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from exceptions_app.models.approval import ApprovalRequest
    from exceptions_app.triage.plan import Skip

RESPONSES = (
    ("ignore", "Ignore"),
    ("quarantine", "Quarantine"),
    ("terminate", "Terminate"),
    ("observe", "Observe"),
)


def skipped_words(skipped: Sequence[Skip]) -> str:
    """The first of what was left as it was, by name, and how many more there are."""
    if not skipped:
        return ""
    first = skipped[0]
    name = str(Process.objects.filter(pk=first.process_id).first() or "A process")
    more = f" {len(skipped) - 1:,} more were left as they were." if len(skipped) > 1 else ""
    return f" {name} {first.why}.{more}"


def tell(request: HttpRequest, response: str, result: Result) -> None:
    word = dict(RESPONSES)[response]
    rest = skipped_words(result.skipped) + "".join(f" {note}" for note in result.notes)
    if result.decision is None:
        messages.info(request, f"Nothing changed.{rest}")
        return
    text = f"{word}: {result.applied:,} exception{'s'[: result.applied != 1]} in the draft.{rest}"
    if response == "observe":
        text = f"Observed: {result.applied:,} put aside, still counted.{rest}"
    messages.success(request, text, extra_tags=f"undo:{result.decision.pk}")


def tell_removed(request: HttpRequest, result: Result | ApprovalRequest, name: str = "") -> None:
    """Exceptions taken out of a draft, or a request to do so."""
    if not isinstance(result, Result):
        tell_asked(request, result)
    elif result.decision is None:
        messages.info(request, f"Nothing changed.{skipped_words(result.skipped)}")
    else:
        text = f"{name or 'It'} is removed from the draft; clients keep it until you publish."
        messages.success(request, text, extra_tags=f"undo:{result.decision.pk}")


def tell_asked(request: HttpRequest, asked: ApprovalRequest) -> None:
    messages.info(request, f"Asked for: {asked}. Nothing changes before somebody else approves it.")


def next_address(request: HttpRequest) -> str:
    """Where the person came from, if it is one of our pages; the inbox otherwise."""
    told = request.POST.get("next") or request.GET.get("next") or ""
    if not told:
        parts = urlsplit(request.headers.get("Referer", ""))
        told = parts.path + (f"?{parts.query}" if parts.query else "")
    safe = url_has_allowed_host_and_scheme(told, allowed_hosts=None)
    return iri_to_uri(told) if told and safe and told != request.path else reverse("inbox")
