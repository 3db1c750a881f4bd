"""Rules: the list, writing one down, its simulation and signature, what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.rule import Rule, RuleAct
from exceptions_app.rules.conditions import words
from exceptions_app.rules.sign import (
    allow_batch,
    digest_of,
    may_write,
    save_rule,
    sign_rule,
    switch_off,
)
from exceptions_app.rules.simulate import simulate
from exceptions_app.web.rule_form import RuleForm, terms_in
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere
from truscan.web.frame import count_if_any, forget_counts
from truscan.web.gate import person, person_with, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser, User
    from django.http import HttpRequest, HttpResponse

SHOWN = 200
ACTS_SHOWN = 50


def waiting_rules(user: AbstractBaseUser) -> int | None:
    """For the rail: rules that ask or were stopped."""
    waiting = Rule.objects.filter(state__in=(Rule.State.ASKING, Rule.State.STOPPED))
    return count_if_any(waiting, lambda: waiting.visible_to(user))


def get_rule(request: HttpRequest, pk: int) -> Rule:
    rules = Rule.objects.all().visible_to(person(request)).select_related("owner")
    return get_object_or_404(rules, pk=pk)


def _writable(request: HttpRequest, pk: int) -> Rule:
    rule = get_rule(request, pk)
    if not may_write(person(request), rule):
        raise PermissionDenied(
            "The rule writes policies or groups where you are no analyst. Ask somebody who is."
        )
    return rule


@require_GET
def rule_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    rules = list(
        Rule.objects.all().visible_to(user).select_related("owner").prefetch_related("policies",
        "groups", "signings")[:SHOWN]
    )  # fmt: skip
    ctx = {
        "rows": [(rule, words(rule.conditions)) for rule in rules],
        "may_write": has_role_anywhere(user, "analyst"),
    }
    return render(request, "exceptions_app/rules/list.html", ctx)


@require_http_methods(["GET", "POST"])
def rule_new(request: HttpRequest) -> HttpResponse:
    return _form(request, person_with(request, "analyst"), None)


@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rule = _writable(request, pk)
    return _form(request, person(request), rule)


def _form(request: HttpRequest, user: User, rule: Rule | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RuleForm(data, user=user, rule=rule)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_rule(
                actor=Actor.on_web(user),
                user=user,
                terms=terms_in(form),
                now=timezone.now(),
                rule=rule,
            )
        except ExceptionsError as error:
            form.add_error(None, str(error))
        else:
            return redirect("rule", saved.pk)
    status = 422 if form.errors else 200
    ctx = {"form": form, "rule": rule}
    return render(request, "exceptions_app/rules/form.html", ctx, status=status)


@require_GET
def rule_page(request: HttpRequest, pk: int) -> HttpResponse:
    rule, user = get_rule(request, pk), person(request)
    signings = list(rule.signings.select_related("signer")[:10])
    acts = RuleAct.objects.filter(signing__rule=rule).select_related("decision", "signing")
    ctx = {
        "rule": rule,
        "lines": words(rule.conditions),
        "policies": list(rule.policies.order_by("name")),
        "groups": list(rule.groups.all()),
        "signing": signings[0] if signings else None,
        "signings": signings,
        "acts": list(acts[:ACTS_SHOWN]),
        "simulation": simulate(rule, user, timezone.now()),
        "digest": digest_of(rule),
        "is_weak": rule.response == "ignore" and "signer" not in rule.conditions,
        "may_write": may_write(user, rule),
    }
    return render(request, "exceptions_app/rules/rule.html", ctx)


def _done(request: HttpRequest, pk: int, act: Callable[[], Any], said: str) -> HttpResponse:
    try:
        act()
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    forget_counts(person(request))
    return redirect("rule", pk)


@require_POST
def rule_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The form carries the digest of the terms that were shown."""
    rule, user, now = _writable(request, pk), person(request), timezone.now()

    def act() -> None:
        sign_rule(
            actor=Actor.on_web(user),
            user=user,
            rule=rule,
            digest=text_of(request.POST, "digest"),
            shown=simulate(rule, user, now),
            now=now,
        )

    return _done(request, pk, act, f"Signed: “{rule}” decides what matches it from now on.")


@require_POST
def rule_allow(request: HttpRequest, pk: int) -> HttpResponse:
    rule, user = _writable(request, pk), person(request)
    text = text_of(request.POST, "count", 9)
    count = int(text) if text.isdecimal() else 0

    def act() -> None:
        allow_batch(actor=Actor.on_web(user), user=user, rule=rule, count=count, now=timezone.now())

    return _done(request, pk, act, f"“{rule}” goes on; it decides within a minute.")


@require_POST
def rule_off(request: HttpRequest, pk: int) -> HttpResponse:
    rule, user = _writable(request, pk), person(request)

    def act() -> None:
        switch_off(actor=Actor.on_web(user), rule=rule, reason=text_of(request.POST, "reason"))

    return _done(request, pk, act, f"“{rule}” is off. What it decided stays; undo it below.")


urlpatterns = [
    path("rules/", rule_list, name="rule-list"),
    path("rules/new/", rule_new, name="rule-new"),
    path("rules/<int:pk>/", rule_page, name="rule"),
    path("rules/<int:pk>/edit/", rule_edit, name="rule-edit"),
    path("rules/<int:pk>/sign/", rule_sign, name="rule-sign"),
    path("rules/<int:pk>/allow/", rule_allow, name="rule-allow"),
    path("rules/<int:pk>/off/", rule_off, name="rule-off"),
]
