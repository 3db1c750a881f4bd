"""webhooks/: addresses that are told of acts, and what became of each delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.api.problem import Conflict
from truscan.delivery.outbound import OutboundError
from truscan.delivery.webhooks import create_webhook, end_webhook, send_again
from truscan.models.webhook import Webhook, WebhookDelivery

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    codes = serializers.ListField(
        child=serializers.RegexField(r"^[a-z_.]{1,64}$"), min_length=1, max_length=50
    )

    class Meta:
        model = Webhook
        fields = ["id", "name", "url", "codes", "created_at", "ended_at"]
        read_only_fields = ["created_at", "ended_at"]


class CreatedSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="shown once")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    code = serializers.CharField(source="event.code")

    class Meta:
        model = WebhookDelivery
        fields = [
            "id", "event", "code", "due_at", "attempts", "sent_at", "given_up_at", "status",
            "last_error",
        ]  # fmt: skip


class WebhookViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Webhook]
):
    """Only for administrators of the whole estate: the ledger tells of all groups."""

    queryset = Webhook.objects.none()
    serializer_class = WebhookSerializer
    write_scope = "admin"
    filterset_fields = ["name"]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Webhook]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if not sees_whole_estate(self.user, "administrator"):
            raise Http404
        return Webhook.objects.all()

    @extend_schema(request=WebhookSerializer, responses={201: CreatedSerializer})
    def create(self, request: Request) -> Response:
        """Tell an address of every act whose code begins with one of `codes`.

        Takes no Idempotency-Key: its stored answer would hold the secret.
        """
        self.get_queryset()
        asked = WebhookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)

        try:
            webhook, secret = create_webhook(actor=Actor.by_token(self.user), **given)
        except OutboundError as error:
            raise exceptions.ValidationError({"url": [str(error)]}) from error
        return Response({**WebhookSerializer(webhook).data, "secret": secret}, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it; the row stays for the record."""
        end_webhook(actor=Actor.by_token(self.user), webhook=self.get_object(), now=timezone.now())
        return Response(status=204)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True, methods=["get"], filterset_fields=[])
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was told, newest first, and what went wrong."""
        rows = self.get_object().deliveries.select_related("event")
        page = cast("list[WebhookDelivery]", self.paginate_queryset(rows) or [])  # type: ignore[arg-type]
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)

    @extend_schema(
        request=None,
        responses={202: DeliverySerializer},
        parameters=[OpenApiParameter("delivery", int, OpenApiParameter.PATH)],
    )
    @action(
        detail=True,
        methods=["post"],
        url_path=r"deliveries/(?P<delivery>[0-9]{1,18})/replay",
        filterset_fields=[],
    )
    def replay(self, request: Request, pk: str, delivery: str) -> Response:
        """Send a delivery once more, with the id that it had; 409 while it is on its way."""
        row = self.get_object().deliveries.select_related("event").filter(pk=delivery).first()
        if row is None:
            raise Http404
        if not send_again(actor=Actor.by_token(self.user), delivery=row, now=timezone.now()):
            raise Conflict("It is on its way already, or its webhook has ended.")
        row.refresh_from_db()
        return Response(DeliverySerializer(row).data, status=202)


routes = [("webhooks", WebhookViewSet, "api-webhook")]
