"""What all views of a ramp plan share: the plan in a person's scope, an act, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from rest_framework import viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.api.idempotency import once
from truscan.api.problem import Conflict
from truscan.models.ramp import RampPlan
from truscan.ramp.errors import RampError
from truscan.ramp.outline import outline
from truscan.ramp.rows import group_ids_of, visible_groups_of, with_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class PlanViews(viewsets.GenericViewSet[RampPlan]):
    """Plans whose scan policy is used in a group of the token's person."""

    queryset = RampPlan.objects.none()
    write_scope = "ramp"

    def get_queryset(self) -> QuerySet[RampPlan]:
        return with_rows(RampPlan.objects.visible_to(cast("User", self.request.user)))

    def plan_for(self, request: Request, pk: str, role: str) -> RampPlan:
        """The plan, for people who hold the role in all of its groups."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(cast("User", request.user), role, group_ids_of(row)):
            raise PermissionDenied
        return row

    def do(
        self,
        request: Request,
        given: Mapping[str, Any],
        act: Callable[[Actor, datetime], Response | None],
        row: RampPlan,
    ) -> Response:
        """Act once for an idempotency key; answer what the act says, or the plan as it is then."""
        user = cast("User", request.user)

        def answered() -> Response:
            now = timezone.now()
            try:
                own = act(Actor.by_token(user), now)
            except RampError as error:
                raise Conflict(str(error)) from error
            return own or self.told(row.pk, user, now)

        return once(request, answered, dict(given))

    def told(self, pk: int, user: User, now: datetime, status: int = 200) -> Response:
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(outline(row, now, visible_groups_of([row], user)), status=status)
