"""ramp-plans/{id}/: gates with the rows behind them, forecast, thresholds and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from truscan.api.idempotency import KEY
from truscan.api.ramp_asked import OverrideSerializer, ThresholdSerializer
from truscan.api.ramp_plan import PlanViews
from truscan.ramp.behind import behind_outline, rows_behind
from truscan.ramp.gate_notes import judge_with_trend
from truscan.ramp.judge import judge, judgement_outline
from truscan.ramp.next_level import forecast_outline, next_level
from truscan.ramp.override import OVERRIDES
from truscan.ramp.plan_thresholds import set_threshold
from truscan.ramp.thresholds import Key

if TYPE_CHECKING:
    from datetime import datetime

    from rest_framework.request import Request

    from truscan.access.actor import Actor

GATE = OpenApiParameter("gate", enum=[key.value for key in Key], required=True)


class GateViews(PlanViews):
    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def gates(self, request: Request, pk: str) -> Response:
        """What each gate says of the level in force, with number, bound, trend and what it is made
        of, and the advice. Only for people who see all groups of the plan."""
        row = self.plan_for(request, pk, "viewer")
        return Response(judgement_outline(judge_with_trend(row, timezone.now())))

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[GATE])
    @action(detail=True, methods=["get"])
    def behind(self, request: Request, pk: str) -> Response:
        """The first rows behind the number of one gate. Only for people who see all groups."""
        row = self.plan_for(request, pk, "viewer")
        asked = serializers.ChoiceField(choices=[key.value for key in Key])
        key = Key(asked.run_validation(request.query_params.get("gate", "")))
        return Response(behind_outline(rows_behind(row, key, timezone.now())))

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def forecast(self, request: Request, pk: str) -> Response:
        """What the next level will bring: an interval that 8 of 10 such forecasts should hold, and
        how often it held. Only for people who see all groups of the plan."""
        row = self.plan_for(request, pk, "viewer")
        return Response(forecast_outline(next_level(row, timezone.now())))

    @extend_schema(
        request=OverrideSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def override(self, request: Request, pk: str) -> Response:
        """Ask for an override of the gates that fail; sign or refuse one that somebody else asked
        for; withdraw one's own.

        Only where a second person is required; else confirm the level with a reason.
        """
        row = self.plan_for(request, pk, "approver")
        asked = OverrideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def act(actor: Actor, now: datetime) -> None:
            OVERRIDES[given["what"]](
                actor=actor, plan=row, level=given["level"], reason=given["reason"], now=now
            )

        return self.do(request, given, act, row)

    @extend_schema(
        request=ThresholdSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def threshold(self, request: Request, pk: str) -> Response:
        """Ask another bound of one gate of this plan; the answer is what the gates say now."""
        row = self.plan_for(request, pk, "approver")
        asked = ThresholdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def act(actor: Actor, now: datetime) -> Response:
            set_threshold(actor=actor, plan=row, **asked.validated_data)
            return Response(judgement_outline(judge([row], now)[0]))

        return self.do(request, asked.validated_data, act, row)
