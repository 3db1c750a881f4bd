"""reviews/: active exceptions with their terms; kept, handed over, removed as on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.decisions import ResultSerializer, answered, require_policies
from exceptions_app.api.refusal import refused
from exceptions_app.errors import BadValue, ExceptionsError
from exceptions_app.life import reviews
from exceptions_app.models.exception import ProcessException
from exceptions_app.replay.outline import outline
from exceptions_app.replay.run import DAYS, MOST_DAYS, replay_end
from exceptions_app.triage.amend import Terms, amend
from exceptions_app.triage.remove_request import remove_or_ask
from truscan.access.actor import Actor
from truscan.access.scope import group_ids
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ReviewSerializer(serializers.ModelSerializer[ProcessException]):
    owner = serializers.SlugRelatedField[User](slug_field="username", read_only=True)

    class Meta:
        model = ProcessException
        fields = [
            "id",
            "policy",
            "process",
            "response",
            "reason",
            "author_name",
            "owner",
            "review_on",
            "expires_at",
            "evidence",
            "created_at",
        ]
        read_only_fields = fields


class AskedSerializer(serializers.Serializer[Any]):
    """Of exceptions without a word here all are listed."""

    tab = serializers.ChoiceField(choices=list(reviews.TABS), required=False)
    days = serializers.IntegerField(
        min_value=reviews.LEAST_DAYS, max_value=reviews.MOST_DAYS, default=reviews.DAYS
    )


class TermsSerializer(serializers.Serializer[Any]):
    """What is not named stays as it is; null takes it away."""

    owner = serializers.CharField(required=False, allow_null=True, max_length=150)
    review_on = serializers.DateField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    why = serializers.CharField(required=False, max_length=4000)
    reason = serializers.CharField(max_length=2000, help_text="of this act")


class WhySerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)


class WindowSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=DAYS)


@extend_schema_view(list=extend_schema(parameters=[AskedSerializer]))
class ReviewViewSet(viewsets.ReadOnlyModelViewSet[ProcessException]):
    """Active exceptions of the policies that the person sees, by id."""

    queryset = ProcessException.objects.none()
    serializer_class = ReviewSerializer
    write_scope = "decide"
    filterset_fields = ["policy", "process", "response", "owner"]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[ProcessException]:
        rows = reviews.seen_exceptions(self.user).select_related("owner", "policy")
        if self.action != "list":
            return rows
        asked = AskedSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        return reviews.in_tab(rows, given.get("tab", ""), timezone.now(), given["days"])

    @extend_schema(
        request=TermsSerializer, responses={201: ResultSerializer}, parameters=[KEY], filters=False
    )
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, pk: str) -> Response:
        """Keep it with a new review date, hand it over, change its expiry or reason."""
        row = self._writable()
        asked = TermsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def act() -> Response:
            try:
                return answered(
                    amend(
                        actor=Actor.by_token(self.user),
                        terms={row.pk: _terms(row, given)},
                        reason=given["reason"],
                        now=timezone.now(),
                    )
                )
            except ExceptionsError as error:
                raise refused(error) from error

        return once(request, act, dict(given))

    @extend_schema(request=WhySerializer, responses={201: ResultSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it out of the draft; clients keep it until the policy is published. 202: that needs
        a second person, so `approval` holds it."""
        row = self._writable()
        asked = WhySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reason = asked.validated_data["reason"]

        def act() -> Response:
            actor, now = Actor.by_token(self.user), timezone.now()
            try:
                return answered(
                    remove_or_ask(actor=actor, exceptions=[row.pk], reason=reason, now=now)
                )
            except ExceptionsError as error:
                raise refused(error) from error

        return once(request, act, reason)

    @extend_schema(parameters=[WindowSerializer], responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def end(self, request: Request, pk: str) -> Response:
        """The replay of its end, by expiry or removal."""
        row = self.get_object()
        asked = WindowSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        ids = group_ids(self.user)
        groups = None if ids is None else set(ids.values_list("pk", flat=True))
        days = asked.validated_data["days"]
        done = replay_end(row.pk, row.policy_id, now=timezone.now(), days=days, groups=groups)
        return Response(outline(done))

    def _writable(self) -> ProcessException:
        row = self.get_object()
        require_policies(self.user, [row.policy])
        return row


def _terms(row: ProcessException, given: dict[str, Any]) -> Terms:
    owner = row.owner
    if "owner" in given:
        name = given["owner"]
        owner = User.objects.filter(username=name, is_active=True).first() if name else None
        if name and owner is None:
            raise BadValue(f"{name} is no person here: give a user name, or null.")
    return Terms(
        owner=owner,
        review_on=given.get("review_on", row.review_on),
        expires_at=given.get("expires_at", row.expires_at),
        why=given.get("why", row.reason),
    )


routes = [("reviews", ReviewViewSet, "api-review")]
