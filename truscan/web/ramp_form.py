"""The form of a new plan."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from django import forms

from truscan.access.scope import may_write_groups
from truscan.models.estate import Group
from truscan.models.ramp import ScanPolicyUse, Track
from truscan.ramp.create import MOST_DAYS, checked_steps, shape_of
from truscan.ramp.errors import NotFound
from truscan.ramp.find import find_group, find_location
from truscan.ramp.layout import COMMERCIAL_ACTIONS, MAX_SPELL
from truscan.ramp.open_days import BUSINESS_DAYS, EVERY_DAY, Closure, OpenDays, read_closures
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Step

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from truscan.models.estate import Location

# More than this is typed, not ticked.
SHOWN_GROUPS = 100


class PlanForm(forms.Form):
    scan_policy = forms.CharField(
        max_length=255,
        label="Scan policy",
        help_text="The Antivirus and Antispyware policy in SEPM that carries the sensitivity.",
    )
    track = forms.ChoiceField(choices=Track.choices)
    action = forms.ChoiceField(
        choices=[(word, word.capitalize()) for word in COMMERCIAL_ACTIONS],
        label="Action at the end",
        help_text="What new detections get at the end; commercial applications: after Log.",
    )
    groups = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Groups",
        help_text="Those that use the scan policy; sub-groups that inherit it come along.",
    )
    more_groups = forms.CharField(
        required=False,
        label="Other groups",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One path per line, such as My Company\\Sales.",
    )
    location = forms.CharField(
        required=False,
        max_length=256,
        help_text="Empty means all locations of the groups.",
    )
    start_on = forms.DateField(label="Start", widget=forms.DateInput(attrs={"type": "date"}))
    days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        initial=75,
        help_text=f"From the first level to the last: {MIN_DAYS} to {MAX_DAYS} days, or a reason.",
    )
    break_in = forms.IntegerField(
        min_value=0,
        max_value=MAX_SPELL,
        initial=0,
        required=False,
        label="Break-in days",
        help_text="On vendor defaults before the first level: two to four weeks. 0 if it is over.",
    )
    enforce_after = forms.IntegerField(
        min_value=0,
        max_value=MAX_SPELL,
        initial=0,
        required=False,
        label="Days at the last level before enforcement",
        help_text="Then the action for new detections changes from Log. 0: this plan ends before.",
    )
    watch = forms.IntegerField(
        min_value=0,
        max_value=MAX_SPELL,
        initial=0,
        required=False,
        label="Days of watching the log at the end",
    )
    profile = forms.ChoiceField(
        choices=[
            ("ramp", "Climb: the levels one after the other"),
            ("remote", "Remote clients: high from the start, stopped at once"),
        ],
        required=False,
    )
    business_days = forms.BooleanField(
        required=False, label="Levels are due on business days only, Monday to Friday"
    )
    closures = forms.CharField(
        required=False,
        max_length=20_000,
        label="Closed days",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Holidays, blackouts and change freezes, one a line: "
        "2026-12-20 2027-01-05 freeze Year end.",
    )
    zone = forms.CharField(
        max_length=64, label="Time zone", help_text="Levels are due there at 09:00."
    )
    reason = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.mine = Group.objects.visible_to(user, "approver").exclude(path="")
        shown = list(self.mine.order_by("path_key")[: SHOWN_GROUPS + 1])
        field = self.fields["groups"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - tells the type only
        field.choices = [(str(group.pk), group.path) for group in shown[:SHOWN_GROUPS]]
        self.uses: list[tuple[Group, Location | None]] = []

    def clean_zone(self) -> str:
        name = str(self.cleaned_data["zone"]).strip()
        if name not in zoneinfo.available_timezones():
            raise forms.ValidationError("Write it as in Europe/Berlin or America/New_York.")
        return name

    def clean_closures(self) -> tuple[Closure, ...]:
        try:
            return read_closures(str(self.cleaned_data["closures"]))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            groups = self._groups(data)
            name = data.get("location", "")
            self.uses = [(g, find_location(g, name) if name else None) for g in groups]
        except NotFound as error:
            raise forms.ValidationError(str(error)) from error
        self._check_scope(data, groups)
        return data

    def wanted(self) -> dict[str, Any]:
        """The keywords of `create_plan`."""
        names = ("scan_policy", "track", "action", "start_on", "days", "zone", "reason")
        wanted = {name: self.cleaned_data[name] for name in names}
        for name in ("break_in", "enforce_after", "watch"):
            wanted[name] = self.cleaned_data[name] or 0
        weekdays = BUSINESS_DAYS if self.cleaned_data["business_days"] else EVERY_DAY
        return {
            **wanted,
            "profile": self.cleaned_data["profile"] or "ramp",
            "open_days": OpenDays(weekdays, self.cleaned_data["closures"]),
            "uses": self.uses,
        }

    def steps(self) -> tuple[Step, ...]:
        """The dates as they would be; RampError as `create_plan` raises it."""
        told = self.wanted()
        names = ("profile", "days", "action", "break_in", "enforce_after", "watch")
        shape = shape_of(**{name: told[name] for name in names})
        return checked_steps(
            told["track"], told["start_on"], shape, told["reason"], told["open_days"]
        )

    def _groups(self, data: dict[str, Any]) -> list[Group]:
        ticked = self.mine.filter(pk__in=data.get("groups", []))
        lines = [line for line in data.get("more_groups", "").splitlines() if line.strip()]
        return [*ticked, *(find_group(line, self.mine) for line in lines)]

    def _check_scope(self, data: dict[str, Any], groups: list[Group]) -> None:
        policy = data.get("scan_policy", "").strip()
        used = ScanPolicyUse.objects.filter(scan_policy__name=policy)
        ids = {group.pk for group in groups} | set(used.values_list("group_id", flat=True))
        if not ids:
            raise forms.ValidationError("Choose at least one group that uses the scan policy.")
        if not may_write_groups(self.user, "approver", ids):
            raise forms.ValidationError(
                "This scan policy is used in groups for which you are not an approver."
            )
