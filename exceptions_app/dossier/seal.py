"""Sealing a dossier: the text of that moment, numbered, hashed and signed, for good."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.dossier.document import OUTCOMES, canonical, outcome_of
from exceptions_app.errors import NotComplete
from exceptions_app.models.dossier import Dossier
from exceptions_app.policies.signing import sign, verifies
from truscan import audit
from truscan.models.ramp import RampPlan
from truscan.ramp.locked import locked
from truscan.ramp.rows import state_of, with_rows

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.access.actor import Actor

UNDER_WAY = "under way"


def why_not_seal(row: RampPlan, now: datetime) -> str:
    """A sentence while the plan has not come to its last level; empty when it may be sealed."""
    outcome = outcome_of(row, state_of(row, now))
    if outcome != UNDER_WAY:
        return ""
    return f"{OUTCOMES[outcome]} A dossier is sealed at it or after it."


@transaction.atomic
def seal(*, actor: Actor, plan: RampPlan, now: datetime) -> Dossier:
    """The plan's dossier as the next sealed one; if nothing changed, the last one as it is.

    Raises NotComplete before the last level.
    """
    locked(plan)
    row = with_rows(RampPlan.objects.filter(pk=plan.pk)).get()
    if why_not := why_not_seal(row, now):
        raise NotComplete(why_not)
    last = latest(row)
    if last is not None and is_same_today(last, row, now):
        return last
    number = last.number + 1 if last else 1
    text = canonical(row, now, number)
    signature, public_key = sign(text)
    dossier = Dossier.objects.create(
        plan=row,
        number=number,
        canonical=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        signature=signature,
        public_key=public_key,
        ledger_head=audit.head(),
        sealed_at=now,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    audit.record(
        "dossier.sealed",
        actor=actor,
        obj=dossier,
        before={"number": last.number if last else None},
        after={"number": number, "plan": row.pk, "sha256": dossier.sha256},
    )
    return dossier


def latest(row: RampPlan) -> Dossier | None:
    return Dossier.objects.filter(plan=row).order_by("-number").first()


def is_same_today(dossier: Dossier, row: RampPlan, now: datetime) -> bool:
    """True if the rows of today give the sealed text again, byte for byte."""
    return canonical(row, now, dossier.number) == dossier.canonical


def is_proven(dossier: Dossier) -> bool:
    """True if the SHA-256 fits the text."""
    return hashlib.sha256(dossier.canonical.encode()).hexdigest() == dossier.sha256


def signature_fits(dossier: Dossier) -> bool:
    """True if the signature is that of the text; an unsigned one does not fit."""
    return bool(dossier.signature) and verifies(
        dossier.canonical, dossier.signature, dossier.public_key
    )
