"""Settings of a scan policy beside its levels: recorded as set in SEPM, with the guide's advice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampPlan, ScanPolicy, ScanSettingChange
from truscan.ramp.errors import NotAllowed
from truscan.ramp.locked import MAX_REASON

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from truscan.access.actor import Actor


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, what it can be, and what the guide says: in the office, and of remote clients."""

    name: str
    label: str
    values: tuple[str, ...]
    advice: str
    remote: str


ON_OFF = ("on", "off")
SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "scan_frequency",
            "Scan frequency",
            ("default", *(f"{hours}h" for hours in (1, 2, 4, 6, 8, 12, 24))),
            "Every hour by default; scan less often when clients become slow (pp. 76-79).",
            "Leave the default, and scan new applications at once.",
        ),
        Setting(
            "notifications",
            "Notifications to users",
            ON_OFF,
            "Commercial applications can flood the users: count what a user would get, and turn "
            "them off if it is too much (pp. 76-79).",
            "On: nobody else is near to tell them (pp. 47-60).",
        ),
        Setting(
            "scan_new_applications",
            "Scan when a new application starts",
            ON_OFF,
            "Not needed for the ramp.",
            "On: outside the office a new process is judged before the next scan (pp. 47-60).",
        ),
        Setting(
            "prompt_before_stop",
            "Ask the user before a process is stopped",
            ON_OFF,
            "Without effect while the action is Log.",
            "On with Terminate, so that work in progress is not lost (pp. 47-60).",
        ),
        Setting(
            "users_cannot_turn_off",
            "Users cannot turn TruScan off",
            ON_OFF,
            "On, so that every client counts in the evidence.",
            "On: no administrator is near to see it (pp. 47-60).",
        ),
    )
}
# Brought by LiveUpdate, not set in SEPM: what is detected changes without any change of level.
CONTENT = "content"
NAMES = (*SETTINGS, CONTENT)
# A change that was made some weeks ago may be told late; a future one has not happened.
EARLIEST = timedelta(days=366)


@transaction.atomic
def record_setting(
    *,
    actor: Actor,
    policy: ScanPolicy,
    setting: str,
    value: str,
    now: datetime,
    at: datetime | None = None,
    reason: str = "",
) -> ScanSettingChange:
    """Record that `setting` of the scan policy was set to `value` in SEPM, now or `at` before.

    The value that is in force already changes nothing. Raises NotAllowed with a sentence.
    """
    at, reason = at or now, reason.strip()
    value = _checked(setting, value, now)
    if not now - EARLIEST <= at <= now:
        raise NotAllowed("Give the moment of the change: not in the future, not over a year ago.")
    if len(reason) > MAX_REASON or "\x00" in reason:
        raise NotAllowed(f"Write the reason as plain text of at most {MAX_REASON} characters.")
    row = ScanPolicy.objects.select_for_update().get(pk=policy.pk)
    before = current(row).get(setting)
    if before is not None and (before.value == value or at < before.at):
        if before.value == value:
            return before
        raise NotAllowed(f"A later change is recorded already, of {before.at:%Y-%m-%d %H:%M} UTC.")
    change = ScanSettingChange.objects.create(
        scan_policy=row,
        setting=setting,
        value=value,
        at=at,
        reason=reason,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    audit.record(
        "scan_policy.setting_changed",
        actor=actor,
        obj=row,
        before={setting: before.value if before else None},
        after={setting: value, "at": at.isoformat()},
        reason=reason,
    )
    return change


def _checked(setting: str, value: str, now: datetime) -> str:
    if setting == CONTENT:
        try:
            on = date.fromisoformat(value)
        except ValueError as error:
            raise NotAllowed("Write the content's date as in 2026-03-31.") from error
        if not (now - EARLIEST).date() <= on <= (now + timedelta(days=1)).date():
            raise NotAllowed("Content is dated: not in the future, not over a year ago.")
        return on.isoformat()
    known = SETTINGS.get(setting)
    if known is None:
        raise NotAllowed(f"The setting is one of {', '.join(NAMES)}.")
    if value not in known.values:
        raise NotAllowed(f"{known.label} is one of {', '.join(known.values)}.")
    return value


def noted_settings(
    policy_ids: Collection[int], at: datetime
) -> dict[int, dict[str, ScanSettingChange]]:
    """The newest change of each setting by then, for many scan policies; one query."""
    rows = ScanSettingChange.objects.filter(scan_policy__in=policy_ids, at__lte=at)
    newest = rows.order_by("scan_policy", "setting", "-at", "-id").distinct(
        "scan_policy", "setting"
    )
    found: dict[int, dict[str, ScanSettingChange]] = {}
    for row in newest:
        found.setdefault(row.scan_policy_id, {})[row.setting] = row
    return found


def current(policy: ScanPolicy) -> dict[str, ScanSettingChange]:
    """The newest change of each setting that was ever recorded; others are not known."""
    rows = policy.setting_changes.order_by("setting", "-at", "-id").distinct("setting")
    return {row.setting: row for row in rows}


def settings_of(plan: RampPlan) -> list[tuple[Setting, ScanSettingChange | None, str]]:
    """Every setting with its newest change, or None for not known, and the advice for the plan."""
    known = current(plan.scan_policy)
    is_remote = plan.profile == "remote"
    return [
        (setting, known.get(name), setting.remote if is_remote else setting.advice)
        for name, setting in SETTINGS.items()
    ]
