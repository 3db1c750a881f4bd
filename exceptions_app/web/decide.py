"""The decide dialog: response, the policies in force preselected, consequences, reason, OK [75]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.policies.approval_rules import need_second, said
from exceptions_app.replay.run import replay_decision
from exceptions_app.suggest.shown import suggestion_for
from exceptions_app.triage import bulk
from exceptions_app.triage.meanwhile import decided_meanwhile
from exceptions_app.triage.newcomers import read_mark
from exceptions_app.triage.observe_request import need_second_here
from exceptions_app.triage.preview import Preview, preview
from exceptions_app.web.choice import chosen, groups_of, options
from exceptions_app.web.decide_act import (
    Dialog,
    ask_second,
    held_in,
    is_bulk,
    start_job,
    write_act,
)
from exceptions_app.web.replay_rows import seen_groups, shown
from exceptions_app.web.skips import counted_words
from exceptions_app.web.told import RESPONSES, next_address, skipped_words, tell, tell_asked
from truscan.access.scope import may_write_groups
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.http import HttpRequest

    from exceptions_app.models.approval import ApprovalRequest
    from exceptions_app.models.approval_rule import ApprovalRule
    from exceptions_app.models.bulk import BulkJob

# So many rows are marked in place; after a larger act the list is read anew.
MARKED_MAX = 200
# Beyond that a dialog would be slow to open; the policy's own replay has no such limit.
REPLAYED_MAX = 500


GONE = "A {} that was chosen was deleted meanwhile, or is not yours any more: choose again."


class DecideForm(forms.Form):
    response = forms.ChoiceField(choices=RESPONSES)
    reason = forms.CharField(max_length=2000, strip=True)
    policies = forms.TypedMultipleChoiceField(
        coerce=int, required=False, error_messages={"invalid_choice": GONE.format("policy")}
    )
    groups = forms.TypedMultipleChoiceField(
        coerce=int, required=False, error_messages={"invalid_choice": GONE.format("group")}
    )
    new_policy = forms.CharField(max_length=255, required=False)
    new_group = forms.IntegerField(required=False)
    review_on = forms.DateField(required=False)
    expires_on = forms.DateField(required=False)
    until = forms.DateField(required=False)
    trip_occurrences = forms.IntegerField(required=False, min_value=1, max_value=10**9)
    trip_computers = forms.IntegerField(required=False, min_value=1, max_value=10**6)
    trip_groups = forms.BooleanField(required=False)
    trip_hashes = forms.BooleanField(required=False)
    leave_out = forms.BooleanField(required=False)
    seen_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])

    def __init__(self, data: Any, policies: list[int], groups: list[int]) -> None:
        super().__init__(data)
        self.fields["policies"].choices = [(pk, pk) for pk in policies]  # type: ignore[attr-defined]
        self.fields["groups"].choices = [(pk, pk) for pk in groups]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if {"policies", "groups"} & self.errors.keys():
            return told
        if told.get("response") == "observe":
            if not told.get("groups"):
                self.add_error(None, "Choose at least one group to observe it in.")
        elif not told.get("policies") and not told.get("new_policy"):
            self.add_error(None, "Choose at least one policy, or name a new one.")
        if told.get("new_policy") and not told.get("new_group"):
            self.add_error("new_group", "Choose the group that gets the new policy.")
        return told


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    user, now = person_with(request, "analyst"), timezone.now()
    data = request.POST if request.method == "POST" else request.GET
    is_preview = request.method == "POST" and data.get("part") == "consequences"
    choice = chosen(user, data, now)
    groups = groups_of(user, choice.ids)
    dialog = Dialog(user, now, choice, groups, options(user, groups))
    if is_preview:
        ctx = _consequences(
            dialog,
            data.get("response", ""),
            _numbers(data.getlist("policies")),
            _numbers(data.getlist("groups")),
        )
        if not _by_htmx(request):
            return _show(request, dialog, None)
        return render(request, "exceptions_app/inbox/_consequences.html", ctx)
    if request.method == "POST":
        return _decided(request, dialog)
    return _show(request, dialog, None)


def _by_htmx(request: HttpRequest) -> bool:
    """The dialog over the inbox asks for a fragment; without scripts it is a page."""
    return bool(request.headers.get("HX-Request"))


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def _consequences(
    dialog: Dialog, response: str, wanted: list[int], groups: list[int]
) -> dict[str, Any]:
    """What this would do, before it is done; an act that is not possible says why."""
    if response == "observe":
        places = [g for g in dialog.tops if g.pk in set(groups)]
        removed = sum(held_in(dialog, places).values_list("held", flat=True))
        told = {"response": response, "total": dialog.choice.total, "removed": removed}
        told["left"] = counted_words(_chosen_too(dialog)) if dialog.choice.selection else []
        return told | _two(need_second_here(dialog.choice.ids, [g.pk for g in places]))
    policies = list(Policy.objects.all().visible_to(dialog.user).filter(pk__in=wanted))
    ctx: dict[str, Any] = {"response": response, "total": dialog.choice.total}
    if response in {"ignore", "quarantine", "terminate"} and policies and dialog.choice.ids:
        ctx["preview"] = preview(
            processes=dialog.choice.ids, policies=policies, response=response, now=dialog.now
        )
        ctx["policies"] = policies
        ctx["is_bulk"] = dialog.choice.total * len(policies) > bulk.AT_ONCE
        ctx |= _replayed(dialog, policies, response)
        ctx |= _left(dialog, ctx["preview"])
        ctx |= _two(need_second(dialog.choice.ids, policies, response, dialog.now))
    return ctx


def _two(found: dict[int, ApprovalRule]) -> dict[str, Any]:
    return {"needing": len(found), "needing_why": said(found)}


def _left(dialog: Dialog, seen: Preview) -> dict[str, Any]:
    """What stays as it is: for a filter all reasons with their counts, else the first by name."""
    choice = dialog.choice
    if choice.selection is None:
        return {"skipped": skipped_words(seen.skips)}
    return {"left": counted_words(seen.counts) + counted_words(_chosen_too(dialog))}


def _chosen_too(dialog: Dialog) -> dict[str, int]:
    """What matches and is not among those that are decided on, by the code of its skip."""
    choice = dialog.choice
    return {"symantec_list": choice.on_list_count, "out_of_scope": choice.read_only}


def _replayed(dialog: Dialog, policies: list[Policy], response: str) -> dict[str, Any]:
    """What it would have done in the last days, in the groups that the person sees."""
    if dialog.choice.total > REPLAYED_MAX:
        return {"too_many": REPLAYED_MAX}
    done = replay_decision(
        dialog.choice.ids,
        [policy.pk for policy in policies],
        response,
        now=dialog.now,
        groups=seen_groups(dialog.user),
    )
    return shown(done)


def _show(
    request: HttpRequest, dialog: Dialog, form: DecideForm | None, error: str = ""
) -> HttpResponse:
    data = request.POST if request.method == "POST" else request.GET
    one = dialog.choice.ids[0] if dialog.choice.total == 1 else None
    suggestion = suggestion_for(dialog.user, one) if one else None
    taken = suggestion if request.method == "GET" and data.get("take") else None
    response = taken.response if taken else data.get("response") or "ignore"
    if request.method == "POST":
        ticked = _numbers(data.getlist("policies"))
        groups = _numbers(data.getlist("groups"))
    else:
        ticked = [o.policy.pk for o in dialog.options.policies if o.preselected]
        groups = [group.pk for group in dialog.tops]
    ctx = {
        "dialog": dialog,
        "choice": dialog.choice,
        "options": dialog.options,
        "responses": RESPONSES,
        "ticked": ticked,
        "ticked_groups": groups,
        "form": form,
        "error": error,
        "data": {**data.dict(), "reason": taken.summary} if taken else data,
        "suggestion": suggestion,
        "taken": taken is not None,
        "next": next_address(request),
        "seen_at": data.get("seen_at") or dialog.now.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
        "may_create": [
            g for g in dialog.options.tops if may_write_groups(dialog.user, "administrator", [g.pk])
        ],
        **_consequences(dialog, response, ticked, groups),
    }
    if (mark := read_mark(data.get("mark", ""))) is not None and not dialog.choice.matching:
        ctx["meanwhile"] = decided_meanwhile(dialog.user, dialog.choice.ids, mark.at)
    template = "_dialog.html" if _by_htmx(request) else "decide.html"
    status = 422 if (form is not None or error) and not _by_htmx(request) else 200
    return render(request, f"exceptions_app/inbox/{template}", ctx, status=status)


def _decided(request: HttpRequest, dialog: Dialog) -> HttpResponse:
    allowed = [o.policy.pk for o in [*dialog.options.policies, *dialog.options.others]]
    form = DecideForm(request.POST, allowed, [g.pk for g in dialog.tops])
    if not dialog.choice.ids:
        return _show(request, dialog, form, "None of these processes can be given a response.")
    if not form.is_valid():
        return _show(request, dialog, form)
    told = form.cleaned_data
    try:
        if (asked := ask_second(dialog, told)) is not None:
            return _tell_asked(request, dialog, asked)
        if is_bulk(dialog, told):
            return _follow(request, dialog, start_job(dialog, told))
        result = write_act(dialog, told)
    except ExceptionsError as refused:
        return _show(request, dialog, form, str(refused))
    forget_counts(dialog.user)
    tell(request, told["response"], result)
    return _back(request, dialog, told["response"])


def _back(request: HttpRequest, dialog: Dialog, word: str) -> HttpResponse:
    """Back to where the person came from; over the inbox the rows are marked in place."""
    ids = dialog.choice.ids
    if not _by_htmx(request) or len(ids) > MARKED_MAX:
        r: HttpResponse = HttpResponseRedirect(next_address(request))
        if _by_htmx(request):
            r = HttpResponse(headers={"HX-Redirect": next_address(request)})
        return r
    r = render(request, "truscan/_messages.html")
    r["HX-Reswap"] = "none"
    done = {"ids": ids, "response": word}
    r["HX-Trigger"] = json.dumps({"decided": done})
    return r


def _tell_asked(request: HttpRequest, dialog: Dialog, asked: ApprovalRequest) -> HttpResponse:
    forget_counts(dialog.user)
    tell_asked(request, asked)
    return _back(request, dialog, "asked")


def _follow(request: HttpRequest, dialog: Dialog, job: BulkJob) -> HttpResponse:
    """To the page that shows how far the job is."""
    forget_counts(dialog.user)
    address = reverse("bulk", args=[job.pk])
    if _by_htmx(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


urlpatterns = [
    path("processes/decide/", decide, name="process-decide"),
]
