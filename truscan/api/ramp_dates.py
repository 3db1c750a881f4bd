"""ramp-plans/{id}/: its dates, and the scan settings of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.api.idempotency import KEY
from truscan.api.ramp_asked import ReplanSerializer, SettingSerializer
from truscan.api.ramp_plan import PlanViews
from truscan.ramp.calendar import make_link
from truscan.ramp.outline import replanned, utc
from truscan.ramp.replan import preview, replan
from truscan.ramp.scan_settings import record_setting

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from rest_framework.request import Request


class DateViews(PlanViews):
    @extend_schema(request=ReplanSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def replan(self, request: Request, pk: str) -> Response:
        """Move a step, or replace the open days: every coming step before and after.

        With `preview` nothing is stored.
        """
        row = self.plan_for(request, pk, "approver")
        asked = ReplanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def act(actor: Actor, now: datetime) -> Response:
            change = asked.change()
            shown = preview(row, change, now)
            if not given["preview"]:
                replan(actor=actor, plan=row, change=change, reason=given["reason"], now=now)
            return Response(replanned(row, shown))

        return self.do(request, asked.data, act, row)

    @extend_schema(
        request=SettingSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def setting(self, request: Request, pk: str) -> Response:
        """Record a scan setting that was changed in SEPM for the plan's scan policy."""
        row = self.plan_for(request, pk, "approver")
        asked = SettingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def act(actor: Actor, now: datetime) -> Response:
            change = record_setting(
                actor=actor, policy=row.scan_policy, now=now, **asked.validated_data
            )
            told = {"setting": change.setting, "value": change.value, "at": utc(change.at)}
            return Response({**told, "actor": change.actor_name})

        return self.do(request, asked.data, act, row)

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["post"])
    def calendar(self, request: Request, pk: str) -> Response:
        """A new address of the plan's calendar, told once; the one before stops working.

        No idempotency key is taken: a secret is kept nowhere.
        """
        row = self.plan_for(request, pk, "approver")
        secret = make_link(actor=Actor.by_token(cast("User", request.user)), plan=row)
        address = request.build_absolute_uri(reverse("ramp-calendar", args=[secret]))
        return Response({"address": address}, status=201)
