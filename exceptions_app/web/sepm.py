"""SEPM servers: add one, read it, plan, apply, follow the work, settle drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.policies.effective import groups_touched
from exceptions_app.sepm import drift
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.job import make_job, resume_job, stop_job
from exceptions_app.sepm.plan import make_plan
from exceptions_app.sepm.setup import save_server, switch_server
from exceptions_app.web.policies import may_write
from exceptions_app.web.told import skipped_words
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate
from truscan.delivery.trust import Kind
from truscan.web.gate import person, person_with, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

JOBS = 20
POLICIES = 500


class ServerForm(forms.Form):
    name = forms.CharField(max_length=100)
    url = forms.CharField(max_length=255, label="Address", help_text="https://host:8446")
    username = forms.CharField(
        max_length=255,
        label="Account",
        help_text="Nearly everything needs a System Administrator of SEPM.",
    )
    password = forms.CharField(
        required=False,
        max_length=255,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted, never shown again. A new address, account or trust asks anew.",
    )
    sepm_domain = forms.CharField(
        required=False,
        max_length=255,
        label="Domain to sign in to",
        help_text="Empty: SEPM’s default one.",
    )
    domain = forms.CharField(
        required=False, max_length=255, initial="Default", label="Domain as the logs name it"
    )
    interface = forms.TypedChoiceField(
        choices=SepmServer.Interface, coerce=int, initial=2, label="Version of the interface"
    )
    trust_kind = forms.ChoiceField(
        choices=Kind, initial=Kind.SYSTEM, label="The server proves itself to"
    )
    ca_pem = forms.CharField(
        required=False,
        max_length=100_000,
        label="Own authority (PEM)",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    fingerprint = forms.CharField(
        required=False,
        max_length=128,
        label="SHA-256 fingerprint",
        help_text="Read it at the SEPM server itself, not over the network.",
    )
    drift_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=720,
        label="Look for drift every … hours",
        help_text="Empty: only when asked.",
    )


FIELDS = ("name", "url", "username", "sepm_domain", "interface", "trust_kind", "ca_pem",
          "fingerprint", "drift_hours")  # fmt: skip


def administrator(request: HttpRequest) -> User:
    user = person(request)
    if not sees_whole_estate(user, "administrator"):
        raise Http404
    return user


def get_job(request: HttpRequest, pk: int) -> SepmJob:
    rows = SepmJob.objects.visible_to(person(request)).select_related("server")
    return get_object_or_404(rows, pk=pk)


def require_reach(user: User, job: SepmJob) -> None:
    """The approver's role for every group that the job reaches; whole servers need the estate."""
    allowed = may_write_groups(user, "approver", job.reach) and has_role_anywhere(user, "approver")
    if not allowed or (job.beyond and not sees_whole_estate(user, "approver")):
        raise PermissionDenied("This reaches groups that you do not approve for.")


@require_http_methods(["GET", "POST"])
def sepm_list(request: HttpRequest) -> HttpResponse:
    """The servers; a POST adds one."""
    user = administrator(request) if request.method == "POST" else person_with(request, "approver")
    form = ServerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        server = _save(request, form, None)
        if server is not None:
            return redirect("sepm-server", server.pk)
    ctx = {
        "servers": SepmServer.objects.all(),
        "form": form,
        "may_edit": sees_whole_estate(user, "administrator"),
    }
    return render(request, "exceptions_app/sepm/list.html", ctx)


@require_http_methods(["GET", "POST"])
def sepm_server(request: HttpRequest, pk: int) -> HttpResponse:
    user = administrator(request) if request.method == "POST" else person_with(request, "approver")
    server = get_object_or_404(SepmServer.objects.select_related("domain"), pk=pk)
    initial = {name: getattr(server, name) for name in FIELDS} | {"domain": server.domain.name}
    form = ServerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _save(request, form, server):
        messages.success(request, "Saved.")
        return redirect("sepm-server", pk)
    visible = Policy.objects.visible_to(user)
    links = SepmPolicy.objects.filter(server=server, policy__in=visible)
    published = visible.filter(revisions__isnull=False).distinct()[:POLICIES]
    ctx = {
        "server": server,
        "form": form,
        "may_edit": sees_whole_estate(user, "administrator"),
        "links": links.select_related("policy", "revision"),
        "policies": [one for one in published if may_write(user, one, "approver")],
        "jobs": SepmJob.objects.visible_to(user).filter(server=server)[:JOBS],
    }
    return render(request, "exceptions_app/sepm/server.html", ctx)


def _save(request: HttpRequest, form: ServerForm, server: SepmServer | None) -> SepmServer | None:
    given: dict[str, Any] = dict(form.cleaned_data)
    password = given.pop("password")
    actor = Actor.on_web(person(request))
    try:
        return save_server(actor=actor, given=given, password=password, server=server)
    except ExceptionsError as error:
        form.add_error(None, str(error))
        return None


@require_POST
def sepm_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it, look for drift, switch it on or off (administrators); plan (approvers)."""
    act, now = text_of(request.POST, "act"), timezone.now()
    user = person_with(request, "approver") if act == "plan" else administrator(request)
    server, actor = get_object_or_404(SepmServer, pk=pk), Actor.on_web(user)
    try:
        if act == "plan":
            job = _plan(request, server, actor)
        elif act == "read":
            kind = SepmJob.Kind.READ
            job = make_job(actor=actor, server=server, kind=kind, now=now, beyond=True)
        elif act == "drift":
            job = drift.make_check(actor=actor, server=server, now=now)
        else:
            if act in {"on", "off"}:
                switch_server(actor=actor, server=server, is_on=act == "on")
            return redirect("sepm-server", pk)
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("sepm-server", pk)
    return redirect("sepm-job", job.pk)


def _plan(request: HttpRequest, server: SepmServer, actor: Actor) -> SepmJob:
    chosen = [int(one) for one in request.POST.getlist("policy")[:POLICIES] if one.isdecimal()]
    policies = list(Policy.objects.visible_to(person(request), "approver").filter(pk__in=chosen))
    return make_plan(actor=actor, server=server, policies=policies, now=timezone.now())


@require_GET
def sepm_job(request: HttpRequest, pk: int) -> HttpResponse:
    job, user = get_job(request, pk), person(request)
    ctx = {
        "job": job,
        "steps": job.steps.all(),
        "application": SepmJob.objects.filter(plan=job).first(),
        "may_act": has_role_anywhere(user, "approver")
        and may_write_groups(user, "approver", job.reach)
        and (not job.beyond or sees_whole_estate(user, "approver")),
        "has_work": any(
            one["changes"] or one["assign"] or one["create"] or one.get("link")
            for one in job.result.get("policies", [])
            if not one["blocked"]
        )
        if job.kind == "plan"
        else False,
    }
    if request.headers.get("HX-Request"):
        status = 286 if job.is_finished else 200  # 286 tells htmx to stop asking
        return render(request, "exceptions_app/sepm/_job.html", ctx, status=status)
    return render(request, "exceptions_app/sepm/job.html", ctx)


@require_POST
def sepm_job_act(request: HttpRequest, pk: int) -> HttpResponse:
    job, user, now = get_job(request, pk), person(request), timezone.now()
    require_reach(user, job)
    act, actor = text_of(request.POST, "act"), Actor.on_web(user)
    try:
        if act == "apply":
            job = make_application(actor=actor, plan=job, now=now)
        elif act == "resume":
            resume_job(actor=actor, job=job, now=now)
        elif act == "stop":
            stop_job(actor=actor, job=job, now=now)
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("sepm-job", job.pk)


@require_POST
def sepm_drift(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt differences into the draft, restore (plan anew), or leave them as they are."""
    user, act, now = person(request), text_of(request.POST, "act"), timezone.now()
    rows = SepmPolicy.objects.filter(policy__in=Policy.objects.visible_to(user))
    link = get_object_or_404(rows.select_related("server", "policy"), pk=pk)
    if not may_write_groups(user, "approver", groups_touched([link.policy])) or not (
        has_role_anywhere(user, "approver")
    ):
        raise PermissionDenied("The policy touches groups that you do not approve for.")
    actor, reason = Actor.on_web(user), text_of(request.POST, "reason", 2000)
    try:
        if act == "restore":
            policies = [link.policy]
            job = make_plan(actor=actor, server=link.server, policies=policies, now=now)
            return redirect("sepm-job", job.pk)
        if act == "adopt":
            keys = request.POST.getlist("key")[:1000]
            done = drift.adopt(actor=actor, link=link, keys=keys, reason=reason, now=now)
            left = skipped_words([skip for one in done for skip in one.skipped])
            text = f"Adopted into the draft; publish it to make it the rule.{left}"
            if all(one.decision is None for one in done):
                text = f"Nothing changed in the draft.{left}"
            messages.success(request, text)
            return redirect("policy", link.policy_id)
        drift.leave(actor=actor, link=link, reason=reason)
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("sepm-server", link.server_id)


urlpatterns = [
    path("sepm/", sepm_list, name="sepm-list"),
    path("sepm/<int:pk>/", sepm_server, name="sepm-server"),
    path("sepm/<int:pk>/act/", sepm_act, name="sepm-act"),
    path("sepm/jobs/<int:pk>/", sepm_job, name="sepm-job"),
    path("sepm/jobs/<int:pk>/act/", sepm_job_act, name="sepm-job-act"),
    path("sepm/drift/<int:pk>/", sepm_drift, name="sepm-drift"),
]
