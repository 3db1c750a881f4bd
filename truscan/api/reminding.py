"""me/: how the person of the token is reminded, and the calendar of his plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.urls import path, reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from truscan.access.actor import Actor
from truscan.access.reminding import RemindingError, set_reminding
from truscan.models.access import PersonSettings
from truscan.ramp.calendar import make_own_link
from truscan.ramp.mornings import items_now

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class RemindingSerializer(serializers.Serializer[Any]):
    digest = serializers.BooleanField()
    quiet_from = serializers.TimeField(allow_null=True)
    quiet_until = serializers.TimeField(allow_null=True)


class ItemSerializer(serializers.Serializer[Any]):
    section = serializers.CharField()
    title = serializers.CharField()
    says = serializers.CharField()
    path = serializers.CharField()


class StandingSerializer(RemindingSerializer):
    timezone = serializers.CharField()
    now = ItemSerializer(many=True)


class AddressSerializer(serializers.Serializer[Any]):
    address = serializers.CharField(help_text="shown once")


class RemindingView(APIView):
    """One's own settings; quiet hours are on the clock of one's zone, at most 16 hours."""

    write_scope = "ramp"

    @extend_schema(responses=StandingSerializer)
    def get(self, request: Request) -> Response:
        """What is chosen, and what a digest would say now."""
        user = cast("User", request.user)
        row = PersonSettings.objects.filter(user=user).first() or PersonSettings(user=user)
        return Response(_outline(row, user))

    @extend_schema(request=RemindingSerializer, responses=StandingSerializer)
    def put(self, request: Request) -> Response:
        """One message each morning or single ones; null for no quiet hours."""
        user = cast("User", request.user)
        asked = RemindingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            row = set_reminding(actor=Actor.by_token(user), user=user, **asked.validated_data)
        except RemindingError as error:
            raise exceptions.ValidationError({"quiet_until": [str(error)]}) from error
        return Response(_outline(row, user))


class OwnCalendarView(APIView):
    """The secret address of the calendar of all plans that one sees."""

    write_scope = "ramp"

    @extend_schema(request=None, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        """Make a new address; the one before stops working."""
        user = cast("User", request.user)
        secret = make_own_link(actor=Actor.by_token(user), user=user)
        address = settings.BASE_URL + reverse("own-calendar", args=[secret])
        return Response({"address": address}, status=201)


def _outline(row: PersonSettings, user: User) -> dict[str, Any]:
    return dict(
        StandingSerializer(
            {
                "digest": row.digest,
                "quiet_from": row.quiet_from,
                "quiet_until": row.quiet_until,
                "timezone": row.timezone,
                "now": items_now(user, timezone.now()),
            }
        ).data
    )


urlpatterns = [
    path("v1/me/reminders/", RemindingView.as_view(), name="api-my-reminders"),
    path("v1/me/calendar/", OwnCalendarView.as_view(), name="api-my-calendar"),
]
