"""rules/: what people signed to be decided by conditions; twins of the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.rule import Rule
from exceptions_app.rules.conditions import words
from exceptions_app.rules.sign import (
    RESPONSES,
    Terms,
    allow_batch,
    digest_of,
    may_write,
    save_rule,
    sign_rule,
    switch_off,
    terms_of,
)
from exceptions_app.rules.simulate import simulate
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere
from truscan.api.idempotency import KEY, once
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

T = TypeVar("T")


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """`digest` is what a signature names: that of the terms as they are now."""

    owner = serializers.CharField(source="owner.username")
    policies = serializers.PrimaryKeyRelatedField[Policy](many=True, read_only=True)
    groups = serializers.PrimaryKeyRelatedField[Group](many=True, read_only=True)
    words = serializers.SerializerMethodField()
    digest = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField(help_text="of the newest signature; 0: none")

    class Meta:
        model = Rule
        fields = ["id", "name", "priority", "owner", "conditions", "words", "response", "policies",
                  "groups", "reason", "review_on", "most", "state", "said", "matched", "digest",
                  "version"]  # fmt: skip

    def get_words(self, rule: Rule) -> list[str]:
        return words(rule.conditions)

    def get_digest(self, rule: Rule) -> str:
        return digest_of(rule)

    def get_version(self, rule: Rule) -> int:
        return max((signing.version for signing in rule.signings.all()), default=0)


class RuleTermsSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    conditions = serializers.JSONField(
        help_text="signer, company, name, path, risk_class, location, events, suggests: lists;"
        " computers_min, computers_max, groups_min, groups_max, detections_min, known_days_min,"
        " sure_min: numbers"
    )
    response = serializers.CharField(max_length=16, help_text=", ".join(RESPONSES))
    policies = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500
    )
    groups = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500,
        help_text="for observe",
    )  # fmt: skip
    reason = serializers.CharField(max_length=2000)
    review_on = serializers.DateField()
    priority = serializers.IntegerField(required=False, default=100)
    most = serializers.IntegerField(required=False, default=50)


class RuleChangeSerializer(RuleTermsSerializer):
    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.default = False, serializers.empty
        return fields


class RuleSignSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64)


class RuleAllowSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(min_value=1)


class RuleSimulationSerializer(serializers.Serializer[Any]):
    matches = serializers.IntegerField()
    agree = serializers.IntegerField(help_text="people gave this response")
    contradict = serializers.IntegerField(help_text="people gave another one, or observe it")
    now = serializers.IntegerField(help_text="would be decided at the next look")
    contradicting = serializers.ListField(child=serializers.JSONField())
    acting = serializers.ListField(child=serializers.JSONField())


class RuleViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Rule]):
    """Rules whose policies and groups the token's person sees; newest first."""

    queryset = Rule.objects.none()
    serializer_class = RuleSerializer
    write_scope = "decide"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Rule]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        rules = Rule.objects.all().visible_to(self.user).select_related("owner")
        return rules.prefetch_related("policies", "groups", "signings")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(RuleSerializer(page, many=True).data)

    @extend_schema(request=RuleTermsSerializer, responses={201: RuleSerializer}, parameters=[KEY])
    def create(self, request: Request) -> Response:
        """Write a rule down; it acts only once it is signed."""
        if not has_role_anywhere(self.user, "analyst"):
            raise PermissionDenied
        asked = RuleTermsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        terms = Terms(**asked.validated_data)

        def act() -> Response:
            return Response(self._shown(self._done(lambda: self._save(terms, None))), status=201)

        return once(request, act, asked.validated_data)

    @extend_schema(request=RuleChangeSerializer, responses=RuleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its terms: it is a draft again, until signed anew."""
        rule = self._writable()
        asked = RuleChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kept = asdict(terms_of(rule))
        terms = Terms(**{**kept, **asked.validated_data})
        return Response(self._shown(self._done(lambda: self._save(terms, rule))))

    def _save(self, terms: Terms, rule: Rule | None) -> Rule:
        actor, now = Actor.by_token(self.user), timezone.now()
        return save_rule(actor=actor, user=self.user, terms=terms, now=now, rule=rule)

    @extend_schema(responses=RuleSimulationSerializer)
    @action(detail=True)
    def simulation(self, request: Request, pk: str) -> Response:
        """What it means in the stored history, and what people decided of that."""
        return Response(simulate(self.get_object(), self.user, timezone.now()).as_json())

    @extend_schema(request=RuleSignSerializer, responses=RuleSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Switch it on under this person's name; 409 `out_of_date` if the digest is another."""
        rule = self._writable()
        asked = RuleSignSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()
        self._done(
            lambda: sign_rule(
                actor=Actor.by_token(self.user),
                user=self.user,
                rule=rule,
                digest=asked.validated_data["digest"],
                shown=simulate(rule, self.user, now),
                now=now,
            )
        )
        return Response(self._shown(rule))

    @extend_schema(request=RuleAllowSerializer, responses=RuleSerializer)
    @action(detail=True, methods=["post"])
    def allow(self, request: Request, pk: str) -> Response:
        """Let a rule that asks decide up to `count` processes once."""
        rule = self._writable()
        asked = RuleAllowSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        actor, count = Actor.by_token(self.user), asked.validated_data["count"]
        self._done(
            lambda: allow_batch(
                actor=actor, user=self.user, rule=rule, count=count, now=timezone.now()
            )
        )
        return Response(self._shown(rule))

    @extend_schema(request=None, responses=RuleSerializer)
    @action(detail=True, methods=["post"])
    def off(self, request: Request, pk: str) -> Response:
        """Switch it off; what it decided stays."""
        rule = self._writable()
        actor = Actor.by_token(self.user)
        self._done(lambda: switch_off(actor=actor, rule=rule))
        return Response(self._shown(rule))

    def _writable(self) -> Rule:
        rule = self.get_object()
        if not may_write(self.user, rule):
            raise PermissionDenied
        return rule

    def _shown(self, rule: Rule) -> Any:
        return RuleSerializer(Rule.objects.select_related("owner").get(pk=rule.pk)).data

    def _done(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except ExceptionsError as error:
            raise refused(error) from error


routes = [("rules", RuleViewSet, "api-rule")]
