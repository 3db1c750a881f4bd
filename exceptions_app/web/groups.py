"""The group tree: what is in force where, who owns it, what is open, who was heard from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import assign, unassign
from exceptions_app.policies.estate_edits import add_location, set_client_count, set_inheritance
from exceptions_app.web.arrived import arrived_in
from exceptions_app.web.group_rows import group_lines, group_state
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.models.estate import Group
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 300


class AssignForm(forms.Form):
    policy = forms.CharField(max_length=255, label="Policy")
    location = forms.CharField(required=False, max_length=256, label="Location")


def get_group(request: HttpRequest, pk: int) -> Group:
    """The group if it is in the person's scope, else there is none."""
    groups = Group.objects.visible_to(person(request)).select_related("domain", "parent")
    return get_object_or_404(groups, pk=pk)


def administered(request: HttpRequest, pk: int) -> tuple[Actor, Group]:
    """The group, if the person administers it: assigning and estate facts need that."""
    user, group = person(request), get_group(request, pk)
    if not may_write_groups(user, "administrator", [group.pk]):
        raise PermissionDenied("Only an administrator of this group changes that.")
    return Actor.on_web(user), group


@require_http_methods(["GET"])
def group_list(request: HttpRequest) -> HttpResponse:
    user, text = person(request), text_of(request.GET, "q")
    groups = Group.objects.visible_to(user).select_related("domain", "parent")
    if text:
        groups = groups.filter(path_key__contains=text.casefold())
    shown = list(groups[: SHOWN + 1])
    ctx = {
        "lines": group_lines(shown[:SHOWN], user, timezone.now()),
        "q": text,
        "more": len(shown) > SHOWN,
        "shown": SHOWN,
    }
    return render(request, "exceptions_app/groups/list.html", ctx)


@require_http_methods(["GET"])
def group_page(request: HttpRequest, pk: int) -> HttpResponse:
    group, user = get_group(request, pk), person(request)
    ctx = group_state(group, user, timezone.now()) | arrived_in([group.pk], timezone.now())
    ctx |= {
        "may_edit": may_write_groups(user, "administrator", [group.pk]),
        "policies": Policy.objects.visible_to(user)[:500],
    }
    return render(request, "exceptions_app/groups/group.html", ctx)


@require_POST
def group_assign(request: HttpRequest, pk: int) -> HttpResponse:
    actor, group = administered(request, pk)
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a policy.")
        return redirect("group", pk)
    visible = Policy.objects.visible_to(person(request))
    policy = visible.filter(name__iexact=form.cleaned_data["policy"].strip()).first()
    name = form.cleaned_data["location"].strip()
    location = group.locations.filter(name_key=name.casefold()).first() if name else None
    if policy is None or (name and location is None):
        messages.error(request, "There is no such policy, or no such location in this group.")
        return redirect("group", pk)
    try:
        assign(actor=actor, policy=policy, group=group, location=location)
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{policy} is on {location or group} now; what was there went.")
    return redirect("group", pk)


@require_POST
def group_unassign(request: HttpRequest, pk: int, assignment: int) -> HttpResponse:
    actor, group = administered(request, pk)
    row = get_object_or_404(
        group.policy_assignments.select_related("policy", "location"), pk=assignment
    )
    try:
        unassign(actor=actor, group=group, location=row.location)
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("group", pk)


@require_POST
def group_inheritance(request: HttpRequest, pk: int) -> HttpResponse:
    actor, group = administered(request, pk)
    inherits = request.POST.get("inherits") == "on"
    try:
        set_inheritance(actor=actor, group=group, inherits=inherits)
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("group", pk)


@require_POST
def group_clients(request: HttpRequest, pk: int) -> HttpResponse:
    """The number of clients, or empty for unknown."""
    actor, group = administered(request, pk)
    text = text_of(request.POST, "clients")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 9):
        messages.error(request, "Write the number of clients as digits, or leave it empty.")
        return redirect("group", pk)
    count = int(text) if text else None
    set_client_count(actor=actor, group=group, count=count, now=timezone.now())
    return redirect("group", pk)


@require_POST
def group_location(request: HttpRequest, pk: int) -> HttpResponse:
    actor, group = administered(request, pk)
    try:
        add_location(actor=actor, group=group, name=text_of(request.POST, "name", 1000))
    except ExceptionsError as error:
        messages.error(request, str(error))
    return redirect("group", pk)


urlpatterns = [
    path("groups/", group_list, name="group-list"),
    path("groups/<int:pk>/", group_page, name="group"),
    path("groups/<int:pk>/assign/", group_assign, name="group-assign"),
    path("groups/<int:pk>/unassign/<int:assignment>/", group_unassign, name="group-unassign"),
    path("groups/<int:pk>/inheritance/", group_inheritance, name="group-inheritance"),
    path("groups/<int:pk>/clients/", group_clients, name="group-clients"),
    path("groups/<int:pk>/locations/", group_location, name="group-location"),
]
