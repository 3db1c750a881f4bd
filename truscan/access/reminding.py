"""The one write path of how a person wants to be reminded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan import audit
from truscan.delivery.quiet import why_not
from truscan.models.access import PersonSettings

if TYPE_CHECKING:
    from datetime import time

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor


class RemindingError(Exception):
    """The settings are refused; the text says why."""


@transaction.atomic
def set_reminding(
    *, actor: Actor, user: User, digest: bool, quiet_from: time | None, quiet_until: time | None
) -> PersonSettings:
    """One message a morning or single ones, and the hours of quiet; equal settings change nothing.

    Raises RemindingError for quiet hours with one end, of no length, or longer than 16 hours.
    """
    if problem := why_not(quiet_from, quiet_until):
        raise RemindingError(problem)
    PersonSettings.objects.get_or_create(user=user)
    row = PersonSettings.objects.select_for_update().get(user=user)
    before = _facts(row)
    row.digest, row.quiet_from, row.quiet_until = digest, quiet_from, quiet_until
    after = _facts(row)
    if after != before:
        row.save(update_fields=["digest", "quiet_from", "quiet_until"])
        audit.record("person.reminding_set", actor=actor, obj=user, before=before, after=after)
    return row


def _facts(row: PersonSettings) -> dict[str, Any]:
    ends = [at.isoformat("minutes") if at else None for at in (row.quiet_from, row.quiet_until)]
    return {"digest": row.digest, "quiet_from": ends[0], "quiet_until": ends[1]}
