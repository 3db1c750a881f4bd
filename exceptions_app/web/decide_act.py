"""What the decide dialog does when it is sent: at once, as a job, or as a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import SAID
from exceptions_app.policies.approval_rules import need_second
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.effective import groups_touched, policies_in_force
from exceptions_app.triage import bulk
from exceptions_app.triage.decide import Result, respond
from exceptions_app.triage.observe_request import need_second_here, observe_or_ask
from exceptions_app.triage.respond_request import ask_to_respond
from exceptions_app.triage.watching import observe
from exceptions_app.web.choice import GROUPS_SHOWN, Choice, Options
from exceptions_app.web.choice import topmost as topmost_of
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.models.estate import Group

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.bulk import BulkJob


@dataclass(slots=True)
class Dialog:
    """All that the dialog shows, made anew for every request."""

    user: User
    now: datetime
    choice: Choice
    groups: list[Group]
    options: Options

    @property
    def tops(self) -> list[Group]:
        return topmost_of(self.groups)[:GROUPS_SHOWN]


def ask_second(dialog: Dialog, told: dict[str, Any]) -> ApprovalRequest | None:
    """The request that holds the whole act, if it needs a second person and the rest is not to be
    done at once."""
    if told["leave_out"]:
        return None
    if told["response"] == "observe":
        return _ask_to_observe(dialog, told)
    chosen_ones = list(Policy.objects.filter(pk__in=told["policies"]))
    if not need_second(dialog.choice.ids, chosen_ones, told["response"], dialog.now):
        return None
    actor = Actor.on_web(dialog.user)
    with transaction.atomic():
        return ask_to_respond(
            actor=actor,
            processes=dialog.choice.ids,
            policies=_policies(dialog, actor, told),
            response=told["response"],
            reason=told["reason"],
            now=dialog.now,
            review_on=told["review_on"],
            expires_at=end_of(told["expires_on"]),
        )


def _ask_to_observe(dialog: Dialog, told: dict[str, Any]) -> ApprovalRequest | None:
    groups = [g for g in dialog.tops if g.pk in set(told["groups"])]
    if not need_second_here(dialog.choice.ids, [group.pk for group in groups]):
        return None
    _refuse_foreign_removal(dialog, groups)
    asked = observe_or_ask(
        actor=Actor.on_web(dialog.user),
        processes=dialog.choice.ids,
        groups=groups,
        reason=told["reason"],
        now=dialog.now,
        until=end_of(told["until"]),
        tripwires=tripwires_of(told),
    )
    return asked if isinstance(asked, ApprovalRequest) else None


def is_bulk(dialog: Dialog, told: dict[str, Any]) -> bool:
    places = told["groups"] if told["response"] == "observe" else told["policies"]
    return dialog.choice.total * max(len(places), 1) > bulk.AT_ONCE


def start_job(dialog: Dialog, told: dict[str, Any]) -> BulkJob:
    """A job writes it; the whole snapshot is asked again when it runs."""
    choice, actor = dialog.choice, Actor.on_web(dialog.user)
    is_observe = told["response"] == "observe"
    groups = [g for g in dialog.tops if g.pk in set(told["groups"])] if is_observe else []
    with transaction.atomic():
        policies = [] if is_observe else _policies(dialog, actor, told)
        if is_observe:
            _refuse_foreign_removal(dialog, groups)
        return bulk.make_job(
            actor=actor,
            processes=choice.selection.process_ids if choice.selection else choice.ids,
            query=choice.matching,
            policies=[policy.pk for policy in policies],
            groups=[group.pk for group in groups],
            response=told["response"],
            reason=told["reason"],
            now=dialog.now,
            seen_at=told["seen_at"],
            review_on=told["review_on"],
            expires_at=end_of(told["expires_on"]),
            until=end_of(told["until"]),
            tripwires=tripwires_of(told) if is_observe else None,
        )


def _policies(dialog: Dialog, actor: Actor, told: dict[str, Any]) -> list[Policy]:
    """The chosen ones and the one to be made; call it in the transaction of the act."""
    policies = list(Policy.objects.filter(pk__in=told["policies"]))
    _refuse_foreign(dialog, policies)
    if told["new_policy"]:
        policies.append(_new_policy(dialog, actor, told["new_policy"], told["new_group"]))
    return policies


def write_act(dialog: Dialog, told: dict[str, Any]) -> Result:
    actor = Actor.on_web(dialog.user)
    if told["response"] == "observe":
        groups = [g for g in dialog.tops if g.pk in set(told["groups"])]
        until = end_of(told["until"])
        _refuse_foreign_removal(dialog, groups)
        return observe(
            actor=actor,
            processes=dialog.choice.ids,
            groups=groups,
            reason=told["reason"],
            now=dialog.now,
            until=until,
            tripwires=tripwires_of(told),
        )
    with transaction.atomic():
        policies = _policies(dialog, actor, told)
        return respond(
            actor=actor,
            processes=dialog.choice.ids,
            policies=policies,
            response=told["response"],
            reason=told["reason"],
            now=dialog.now,
            expires_at=end_of(told["expires_on"]),
            review_on=told["review_on"],
            seen_at=told["seen_at"],
        )


def end_of(day: Any) -> datetime | None:
    """The last moment of a chosen day in the person's zone."""
    if day is None:
        return None
    return datetime.combine(day, time(23, 59, 59), timezone.get_current_timezone())


def tripwires_of(told: dict[str, Any]) -> dict[str, int]:
    """What the dialog's fields say brings an observed process back; a tick means the first one."""
    wires = {word: told[f"trip_{word}"] for word in SAID}
    return {word: int(value) for word, value in wires.items() if value}


def _refuse_foreign(dialog: Dialog, policies: list[Policy]) -> None:
    if may_write_groups(dialog.user, "analyst", groups_touched(policies)):
        return
    for policy in policies:
        if not may_write_groups(dialog.user, "analyst", groups_touched([policy])):
            raise ExceptionsError(
                f"{policy} is also in force in groups outside yours, so you cannot write it."
                " Ask an analyst of those groups, or choose a policy of your own groups."
            )


def _refuse_foreign_removal(dialog: Dialog, groups: list[Group]) -> None:
    """Observing takes exceptions out of the policies in force there: that writes them too."""
    _refuse_foreign(dialog, list(held_in(dialog, groups)))


def held_in(dialog: Dialog, groups: list[Group]) -> QuerySet[Any]:
    """Policies in force in these groups with `held` exceptions for the chosen processes."""
    places = policies_in_force([group.pk for group in groups])
    policies = Policy.objects.filter(
        pk__in={row.policy_id for row in places if row.policy_id is not None},
        exceptions__process__in=dialog.choice.ids,
        exceptions__retired_at=None,
    )
    return policies.annotate(held=Count("exceptions"))


def _new_policy(dialog: Dialog, actor: Actor, name: str, group_id: int) -> Policy:
    group = next((g for g in dialog.options.tops if g.pk == group_id), None)
    if group is None:
        raise Http404
    if not may_write_groups(dialog.user, "administrator", [group.pk]):
        raise ExceptionsError(
            f"Only an administrator of {group} assigns a new policy there. Ask for one, or choose"
            " a policy that exists."
        )
    # The name of one that exists already means that one, with all the groups it touches.
    _refuse_foreign(dialog, list(Policy.objects.filter(name__iexact=name.strip())))
    return create_policy(actor=actor, name=name, groups=[group])
