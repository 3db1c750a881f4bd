"""approval-rules/: when a decision needs a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.response import Response as Answer

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval_rule import ACTS, ApprovalRule
from exceptions_app.models.lint import Grade
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.approval_rules import CLASSES, add_rule, remove_rule
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class ApprovalRuleSerializer(serializers.ModelSerializer[ApprovalRule]):
    response = serializers.ChoiceField(
        choices=ACTS,
        required=False,
        default="",
        allow_blank=True,
        help_text="empty: the three responses and removing; observing only if it removes",
    )
    risk_class = serializers.ChoiceField(
        choices=list(CLASSES.items()), required=False, default="", allow_blank=True
    )
    grade = serializers.ChoiceField(
        choices=Grade.choices, required=False, default=None, allow_null=True
    )
    days = serializers.IntegerField(min_value=1, max_value=DAYS_MAX, default=7)

    class Meta:
        model = ApprovalRule
        fields = [
            "id",
            "response",
            "risk_class",
            "computers_from",
            "groups_from",
            "grade",
            "days",
            "made_by_name",
            "made_at",
        ]
        read_only_fields = ["made_by_name", "made_at"]


class ApprovalRuleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ApprovalRule]
):
    """What is empty means any; a decision needs a second person if one rule holds in full."""

    queryset = ApprovalRule.objects.all()
    serializer_class = ApprovalRuleSerializer
    write_scope = "admin"

    @extend_schema(request=ApprovalRuleSerializer, responses={201: ApprovalRuleSerializer})
    def create(self, request: Request) -> Answer:
        """Add a rule, as an administrator of the whole estate; an equal one is returned."""
        actor = self._administrator(request)
        asked = ApprovalRuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)
        try:
            rule = add_rule(actor=actor, now=timezone.now(), **given)
        except ExceptionsError as error:
            raise refused(error) from error
        return Answer(ApprovalRuleSerializer(rule).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Answer:
        """Remove a rule; requests that were made under it stay."""
        actor = self._administrator(request)
        remove_rule(actor=actor, rule=self.get_object())
        return Answer(status=204)

    def _administrator(self, request: Request) -> Actor:
        user = cast("User", request.user)
        if not sees_whole_estate(user, "administrator"):
            raise exceptions.PermissionDenied
        return Actor.by_token(user)


routes = [("approval-rules", ApprovalRuleViewSet, "api-approval-rule")]
