"""The form of a rule: one text a line, boxes for words, bounds as numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from exceptions_app.models.policy import Policy
from exceptions_app.rules.conditions import CHOICES, NUMBERS, TEXTS
from exceptions_app.rules.sign import NAME_MAX, Terms, terms_of
from exceptions_app.web.told import RESPONSES
from truscan.models.estate import Group

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.rule import Rule

REVIEW_DAYS = 180
GROUPS_SHOWN = 300
LABELS = {
    "signer": "Signed by",
    "company": "Company",
    "name": "File name",
    "path": "Folder begins with",
    "type": "Application type",
    "risk_class": "Class",
    "location": "Place of the file",
    "events": "Only these events",
    "disposition": "Reputation of the file",
    "suggests": "Suggested response",
    "computers_min": "Computers, at least",
    "computers_max": "Computers, at most",
    "groups_min": "Groups, at least",
    "groups_max": "Groups, at most",
    "detections_min": "Detections, at least",
    "known_days_min": "Seen for days, at least",
    "sure_min": "Suggestion right in %, at least",
}
HELP = {
    "name": "* stands for any text: tool*.exe",
    "type": "As the log says it: Trojan Worm",
    "path": r"As the log is folded: %PROGRAMFILES%\Contoso",
}


class RuleForm(forms.Form):
    """Fields named as the conditions are; policies and groups are those that the person sees."""

    rule_name = forms.CharField(max_length=NAME_MAX, label="Name")
    response = forms.ChoiceField(choices=RESPONSES, initial="ignore")
    policies = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="Into policies"
    )
    groups = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="Observe in groups and below",
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    reason = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Goes into every decision of the rule, so that the next reader knows why.",
    )  # fmt: skip
    review_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), label="Review on",
        help_text="On that day the rule stops until somebody signs it anew.",
    )  # fmt: skip
    most = forms.IntegerField(
        initial=50, label="At once, at most", help_text="More than that wait for a person.",
    )  # fmt: skip
    priority = forms.IntegerField(initial=100, help_text="The smallest number decides first.")

    def __init__(self, data: Any, *, user: User, rule: Rule | None) -> None:
        super().__init__(data, initial=_initial(rule))
        policies = Policy.objects.all().visible_to(user, "analyst").order_by("name")
        self.fields["policies"].choices = list(policies.values_list("pk", "name"))  # type: ignore[attr-defined]
        groups = Group.objects.all().visible_to(user, "analyst").exclude(path="")
        rows = groups.order_by("path_key").values_list("pk", "path")[:GROUPS_SHOWN]
        self.fields["groups"].choices = list(rows)  # type: ignore[attr-defined]
        for name in TEXTS:
            self.fields[name] = forms.CharField(
                label=LABELS[name], required=False, max_length=5000,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=HELP.get(name, "One a line; one of them is enough."),
            )  # fmt: skip
        for name, choices in CHOICES.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=LABELS[name], required=False, choices=list(choices.items()),
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
        for name in NUMBERS:
            self.fields[name] = forms.IntegerField(label=LABELS[name], required=False, min_value=0)

    @property
    def texts(self) -> list[forms.BoundField]:
        return [self[name] for name in TEXTS]

    @property
    def boxes(self) -> list[forms.BoundField]:
        return [self[name] for name in CHOICES]

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self[name] for name in NUMBERS]


def _initial(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"review_on": timezone.localdate() + timedelta(days=REVIEW_DAYS)}
    terms = terms_of(rule)
    told = {n: "\n".join(v) if n in TEXTS else v for n, v in terms.conditions.items()}
    return told | {
        "rule_name": terms.name,
        "response": terms.response,
        "policies": terms.policies,
        "groups": terms.groups,
        "reason": terms.reason,
        "review_on": terms.review_on,
        "priority": terms.priority,
        "most": terms.most,
    }


def terms_in(form: RuleForm) -> Terms:
    told = form.cleaned_data
    conditions = {name: told[name].splitlines() for name in TEXTS if told.get(name)}
    conditions |= {name: told[name] for name in CHOICES if told.get(name)}
    conditions |= {name: told[name] for name in NUMBERS if told.get(name) is not None}
    return Terms(
        name=told["rule_name"],
        conditions=conditions,
        response=told["response"],
        policies=told["policies"],
        groups=told["groups"],
        reason=told["reason"],
        review_on=told["review_on"],
        priority=told["priority"],
        most=told["most"],
    )
