"""ramp-plans/cohorts/: groups in the order of readiness, and plans made of the proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere
from truscan.api.idempotency import KEY, once
from truscan.api.problem import Conflict
from truscan.api.ramp_asked import CohortsSerializer
from truscan.api.ramp_plan import PlanViews
from truscan.ramp.cohort_plans import Rollout, accept, cohorts_outline, proposal
from truscan.ramp.cohorts import MAX_COHORTS, MIN_COHORTS
from truscan.ramp.errors import RampError

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

COUNT = OpenApiParameter("count", int, description=f"{MIN_COHORTS} to {MAX_COHORTS}, else 3")


class CohortViews(PlanViews):
    @extend_schema(
        methods=["GET"],
        operation_id="v1_ramp_plans_cohorts_propose",
        responses={200: OpenApiTypes.OBJECT},
        parameters=[COUNT],
        filters=False,
    )
    @extend_schema(
        methods=["POST"],
        operation_id="v1_ramp_plans_cohorts_accept",
        request=CohortsSerializer,
        responses={201: OpenApiTypes.OBJECT},
        parameters=[KEY],
        filters=False,
    )
    @action(detail=False, methods=["get", "post"])
    def cohorts(self, request: Request) -> Response:
        """Groups without a scan policy in the order of measured readiness; accepting the proposal
        makes a scan policy and a plan for each cohort."""
        user = cast("User", request.user)
        if not has_role_anywhere(user, "approver"):
            raise PermissionDenied
        if request.method == "POST":
            return self._accept(request, user)
        number = serializers.IntegerField(min_value=MIN_COHORTS, max_value=MAX_COHORTS)
        count = number.run_validation(request.query_params.get("count", "3"))
        return Response(cohorts_outline(proposal(user, count, timezone.now())))

    def _accept(self, request: Request, user: User) -> Response:
        asked = CohortsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        count, digest = given.pop("count"), given.pop("digest")

        def do() -> Response:
            try:
                plans = accept(
                    actor=Actor.by_token(user),
                    user=user,
                    count=count,
                    digest=digest,
                    rollout=Rollout(**given),
                    now=timezone.now(),
                )
            except RampError as error:
                raise Conflict(str(error)) from error
            return Response({"plans": [plan.pk for plan in plans]}, status=201)

        return once(request, do, asked.data)
