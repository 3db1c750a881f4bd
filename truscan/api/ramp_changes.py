"""ramp-plans/{id}/changes/: what each change of a plan brought; the twin of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from truscan.access.scope import group_ids
from truscan.models.ramp import RampPlan
from truscan.ramp.compared import compared_of, compared_outline
from truscan.ramp.rows import with_rows

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class ChangesView(APIView):
    @extend_schema(operation_id="v1_ramp_plans_changes", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: int) -> Response:
        """Every change of level, track or setting with the days before and after it, and every
        level by group: counts, ratio, coverage, flood. Over the groups that the token sees; null is
        not known, never zero."""
        user = cast("User", request.user)
        plan = get_object_or_404(with_rows(RampPlan.objects.visible_to(user)), pk=pk)
        ids = group_ids(user)
        visible = None if ids is None else set(ids.values_list("pk", flat=True))
        return Response(compared_outline(compared_of(plan, timezone.now(), visible)))


urlpatterns = [
    path("v1/ramp-plans/<int:pk>/changes/", ChangesView.as_view(), name="api-ramp-changes")
]
