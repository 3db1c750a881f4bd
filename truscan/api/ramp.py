"""ramp-plans/: plans with their state, and the acts of an approver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.api.problem import Conflict
from truscan.api.ramp_asked import ActSerializer, PlanSerializer, open_days_asked
from truscan.api.ramp_cohorts import CohortViews
from truscan.api.ramp_dates import DateViews
from truscan.api.ramp_gates import GateViews
from truscan.models.estate import Group
from truscan.models.ramp import ScanPolicyUse
from truscan.ramp.actions import act
from truscan.ramp.create import checked_steps, create_plan, shape_of, steps_outline
from truscan.ramp.errors import RampError
from truscan.ramp.find import find_location
from truscan.ramp.outline import outline
from truscan.ramp.rows import visible_groups_of
from truscan.ramp.schedule import Action

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.contrib.auth.models import User
    from rest_framework.request import Request


ON = OpenApiParameter(
    "on", OpenApiTypes.DATE, description="the plan as it stood or will stand on that day"
)


def _dates(given: dict[str, Any]) -> Response:
    """What `create` would plan."""
    names = ("profile", "days", "action", "break_in", "enforce_after", "watch", "dwells")
    track = given["track"]
    try:
        shape, open_days = shape_of(**{name: given[name] for name in names}), open_days_asked(given)
        steps = checked_steps(track, given["start_on"], shape, given["reason"], open_days)
    except RampError as error:
        raise Conflict(str(error)) from error
    return Response({"steps": steps_outline(track, steps)})


def _approved_groups(user: User, ids: Collection[int]) -> list[Group]:
    """All of the groups, which the person must approve for; a forged id is not found."""
    visible = Group.objects.visible_to(user).filter(pk__in=ids)
    groups = list(visible.order_by("path_key"))
    if len(groups) != len(set(ids)):
        raise exceptions.NotFound("A group is not there, or it is outside your groups.")
    if not may_write_groups(user, "approver", ids):
        raise PermissionDenied
    return groups


class RampPlanViewSet(GateViews, DateViews, CohortViews):
    """Plans whose scan policy is used in a group of the token's person."""

    filterset_fields = ["track", "scan_policy__name"]

    @extend_schema(operation_id="v1_ramp_plans_list", responses={200: OpenApiTypes.OBJECT})
    def list(self, request: Request) -> Response:
        """Every plan with its state now."""
        now = timezone.now()
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        visible = visible_groups_of(page, cast("User", request.user))
        return self.get_paginated_response([outline(row, now, visible) for row in page])

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, parameters=[ON])
    def retrieve(self, request: Request, pk: str) -> Response:
        """One plan: steps, events, level in force, what comes next and what is allowed."""
        on = serializers.DateField(allow_null=True).run_validation(request.query_params.get("on"))
        row = get_object_or_404(self.get_queryset(), pk=pk)
        visible = visible_groups_of([row], cast("User", request.user))
        return Response(outline(row, timezone.now(), visible, on))

    @extend_schema(
        request=PlanSerializer,
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT},
        parameters=[KEY],
    )
    def create(self, request: Request) -> Response:
        """Plan a ramp for a scan policy; an equal plan that has not ended is returned. With
        `preview` only the dates are."""
        user = cast("User", request.user)
        asked = PlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        groups = _approved_groups(user, given["groups"])
        used = ScanPolicyUse.objects.filter(scan_policy__name=given["scan_policy"].strip())
        if not may_write_groups(user, "approver", used.values_list("group_id", flat=True)):
            raise PermissionDenied
        if given["preview"]:
            return _dates(given)
        name = given["location"].strip()
        apart = {"groups", "location", "weekdays", "closures", "preview"}
        wanted = {k: v for k, v in given.items() if k not in apart}

        def do() -> Response:
            now = timezone.now()
            try:
                uses = [(g, find_location(g, name) if name else None) for g in groups]
                row = create_plan(
                    actor=Actor.by_token(user),
                    uses=uses,
                    now=now,
                    open_days=open_days_asked(given),
                    **wanted,
                )
            except RampError as error:
                raise Conflict(str(error)) from error
            return self.told(row.pk, user, now, 201)

        return once(request, do, asked.data)

    @extend_schema(request=ActSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def act(self, request: Request, pk: str) -> Response:
        """Confirm a level that was set in SEPM, hold, resume, go back one level, or end."""
        row = self.plan_for(request, pk, "approver")
        asked = ActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def do(actor: Actor, now: datetime) -> None:
            act(
                Action(given["action"]),
                actor=actor,
                plan=row,
                level=given["level"],
                reason=given["reason"],
                now=now,
            )

        return self.do(request, given, do, row)


routes = [("ramp-plans", RampPlanViewSet, "api-ramp-plan")]
