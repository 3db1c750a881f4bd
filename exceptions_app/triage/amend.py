"""Owner, review date, expiry and reason of exceptions: changed as one decision, undone like any.

The row that stood is retired and a new one with the same response takes its place, so that the
history and every published revision keep what was said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import BadValue, NeedsSecondPerson, NotFound, NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.policies.approval_rules import (
    in_words,
    need_second,
    need_second_to_remove,
)
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.decide import Result, checked_reason, refresh
from exceptions_app.triage.plan import SAME, Skip
from exceptions_app.triage.write import Item, make_decision, retire_exceptions, write_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor


# Beyond any client's life, and far from the end of the calendar in every zone.
LAST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class Terms:
    """What an exception says of its own life; `why` is its reason."""

    owner: User | None
    review_on: date | None
    expires_at: datetime | None
    why: str

    @classmethod
    def of(cls, row: ProcessException) -> Terms:
        return cls(row.owner, row.review_on, row.expires_at, row.reason)


@transaction.atomic
def amend(*, actor: Actor, terms: dict[int, Terms], reason: str, now: datetime) -> Result:
    """Give each of these exceptions (ids) its new terms, as one decision; responses stay.

    One that was removed or replaced meanwhile, or says this already, is skipped. A new owner must
    see the policy; a new expiry lies ahead. Raises NothingChosen, BadValue, NotFound, and
    NeedsSecondPerson for a sooner end of what two remove, or a later one of what two give.
    """
    reason = checked_reason(reason)
    if not terms:
        raise NothingChosen("Choose at least one exception.")
    share_tree()
    rows = ProcessException.objects.filter(pk__in=terms)
    lock_policies(set(rows.values_list("policy_id", flat=True)))
    held = list(rows.select_related("owner", "policy").order_by("process_id", "policy_id", "pk"))
    if len(held) < len(terms):
        raise NotFound("An exception is not there any more: reload the page and choose again.")
    gone = [
        Skip(row.process_id, row.policy_id, None, "was removed or changed", "already_removed")
        for row in held
        if row.retired_at is not None
    ]
    standing = [row for row in held if row.retired_at is None]
    same = [row for row in standing if Terms.of(row) == terms[row.pk]]
    changing = [row for row in standing if Terms.of(row) != terms[row.pk]]
    skips = [*gone, *(Skip(row.process_id, row.policy_id, None, SAME, "same") for row in same)]
    if not changing:
        return Result(None, 0, skips)
    for row in changing:
        _check(row, terms[row.pk], now)
    _require_one_is_enough(changing, terms, now)
    items = _replace(changing, terms, actor, now)
    # What stands already is written too: undo of the decision before must not take it.
    items += [
        Item(row.process_id, row.policy_id, before_id=row.pk, after_id=row.pk, skipped=SAME)
        for row in same
    ]
    decision = make_decision(
        actor=actor, kind=Decision.Kind.AMEND, reason=reason, now=now, items=items
    )
    refresh({row.process_id for row in changing}, {row.policy_id for row in changing}, now)
    told = _told(terms[changing[0].pk]) if len(changing) == 1 else {}
    write_ledger("decision.amended", decision, items, actor=actor, **told)
    return Result(decision, len(changing), skips)


def _check(row: ProcessException, new: Terms, now: datetime) -> None:
    """Only what changes is checked: an expiry that has passed may stay as it is."""
    checked_reason(new.why)
    if new.owner is not None and new.owner != row.owner:
        seen = Policy.objects.visible_to(new.owner).filter(pk=row.policy_id)
        if not new.owner.is_active or not seen.exists():
            raise BadValue(f"{new.owner.get_username()} has no role where {row.policy} holds.")
    if new.expires_at != row.expires_at and new.expires_at and new.expires_at <= now:
        raise BadValue("The exception would have expired already: give a later day.")
    if max((d.year for d in (new.expires_at, new.review_on) if d), default=0) > LAST_YEAR:
        raise BadValue(f"Give a day before the end of {LAST_YEAR}.")
    if new.review_on != row.review_on and new.review_on and new.review_on < now.date():
        raise BadValue("The review date lies in the past: give a later day.")


def _require_one_is_enough(
    rows: Sequence[ProcessException], terms: dict[int, Terms], now: datetime
) -> None:
    """An end that comes sooner is a removal, one that comes later gives the response anew."""
    moved = [row for row in rows if row.expires_at != terms[row.pk].expires_at]
    ending = {row.pk for row in moved if _is_sooner(terms[row.pk].expires_at, row.expires_at)}
    removing = need_second_to_remove({row.process_id for row in moved if row.pk in ending})
    for row in moved:
        if row.pk in ending:
            rule, how = removing.get(row.process_id), "Remove it instead"
        else:
            found = need_second([row.process_id], [row.policy], row.response, now)
            rule, how = found.get(row.process_id), "Give it the response anew with that end"
        if rule is not None:
            raise NeedsSecondPerson(
                f"Another end for {row.process} needs a second person: {in_words(rule)}. {how}:"
                " that makes a request."
            )


def _is_sooner(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new < old)


def _replace(
    rows: Sequence[ProcessException], terms: dict[int, Terms], actor: Actor, now: datetime
) -> list[Item]:
    """Evidence and response are copied, so clients get the same rule; the author is who looked."""
    retire_exceptions([row.pk for row in rows], now)
    written = ProcessException.objects.bulk_create(
        ProcessException(
            policy_id=row.policy_id,
            process_id=row.process_id,
            response=row.response,
            reason=terms[row.pk].why.strip(),
            author_name=actor.name,
            author=actor.user,
            owner=terms[row.pk].owner,
            review_on=terms[row.pk].review_on,
            expires_at=terms[row.pk].expires_at,
            evidence=row.evidence,
            created_at=now,
            expiry_noted_at=_noted(row, terms[row.pk]),
        )
        for row in rows
    )
    return [
        Item(row.process_id, row.policy_id, before_id=row.pk, after_id=new.pk)
        for row, new in zip(rows, written, strict=True)
    ]


def _noted(row: ProcessException, new: Terms) -> datetime | None:
    """An expiry that was told stays told; another one is news."""
    return row.expiry_noted_at if row.expires_at == new.expires_at else None


def _told(terms: Terms) -> dict[str, str | None]:
    return {
        "owner": terms.owner.get_username() if terms.owner else None,
        "review_on": terms.review_on.isoformat() if terms.review_on else None,
        "expires_at": terms.expires_at.isoformat() if terms.expires_at else None,
    }
