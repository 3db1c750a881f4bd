"""The one write path of what administrators set of lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import BadValue
from exceptions_app.models.lint import Grade, LintSettings, ProtectedProgram
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.known_programs import shipped
from truscan import audit

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.access.actor import Actor


def lint_settings() -> LintSettings:
    """As set, or as shipped: nothing blocks."""
    return LintSettings.objects.filter(pk=1).first() or LintSettings(pk=1)


@transaction.atomic
def set_lint(
    *,
    actor: Actor,
    blocking_grade: int | None,
    wide_percent: int,
    evidence_percent: int,
    request_days: int = 7,
    reason: str = "",
) -> LintSettings:
    """BadValue for a grade that there is not, for shares outside 0 to 100 and for days outside 1
    to 90; idempotent."""
    if blocking_grade is not None and blocking_grade not in Grade.values:
        raise BadValue(f"{blocking_grade} is no grade: give 1 to 3, or none.")
    if not (0 <= wide_percent <= 100 and 0 <= evidence_percent <= 100):
        raise BadValue("Give shares from 0 to 100 per cent.")
    if not 1 <= request_days <= DAYS_MAX:
        raise BadValue(f"A request is kept for 1 to {DAYS_MAX} days.")
    LintSettings.objects.get_or_create(pk=1)
    row = LintSettings.objects.select_for_update().get(pk=1)
    before = _facts(row)
    row.blocking_grade, row.wide_percent = blocking_grade, wide_percent
    row.evidence_percent, row.request_days = evidence_percent, request_days
    if before != _facts(row):
        row.save()
        audit.record(
            "lint.set", actor=actor, obj=row, before=before, after=_facts(row), reason=reason
        )
    return row


def _facts(row: LintSettings) -> dict[str, int | None]:
    return {
        "blocking_grade": row.blocking_grade,
        "wide_percent": row.wide_percent,
        "evidence_percent": row.evidence_percent,
        "request_days": row.request_days,
    }


@transaction.atomic
def set_protected(
    *, actor: Actor, name: str, folder: str, why: str, is_on: bool, now: datetime
) -> ProtectedProgram:
    r"""Put a program on the protect list, or take it off, a shipped one too; idempotent.

    `folder` is the beginning of a generic path such as `%WINDIR%\`; empty is any folder. BadValue
    for a name with a path in it, for no reason when it is put on, and for what is not on the list.
    """
    key, folder_key, why = name.strip().casefold(), folder.strip().casefold(), why.strip()
    if not key or len(key) > 255 or "\\" in key or "/" in key or len(folder_key) > 512:
        raise BadValue("Give a file name such as winlogon.exe; its folder goes into its own field.")
    if is_on and not 0 < len(why) <= 255:
        raise BadValue("Say what it is, in at most 255 characters: findings repeat it.")
    found = ProtectedProgram.objects.select_for_update().filter(name_key=key, folder_key=folder_key)
    row = found.first()
    if not is_on and row is None and (key, folder_key) not in shipped():
        raise BadValue(f"{name} is not on the protect list.")
    if row is not None and (row.is_on, row.why) == (is_on, why):
        return row
    before = {"is_on": row.is_on, "why": row.why} if row else None
    row, _ = ProtectedProgram.objects.update_or_create(
        name_key=key,
        folder_key=folder_key,
        defaults={
            "why": why,
            "is_on": is_on,
            "changed_by_name": actor.name,
            "changed_at": now,
        },
    )
    said = {"is_on": is_on, "why": why}
    audit.record("lint.protected_set", actor=actor, obj=row, before=before, after=said)
    return row
