"""renewals/: new builds of decided processes, with what changed; taken by the same act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.decisions import DecisionSerializer, SkipSerializer, seen_processes
from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.renewal import Renewal
from exceptions_app.triage.renew import renew
from exceptions_app.triage.renewals import asking, proposals
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere
from truscan.api.idempotency import KEY, once
from truscan.api.paging import IdCursor
from truscan.models.counts import Sighting

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

MOST = 1000


class ChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(source="label")
    before = serializers.CharField()
    after = serializers.CharField()


class FlagSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    words = serializers.CharField()
    needs_person = serializers.BooleanField()


class ToldExceptionSerializer(serializers.Serializer[Any]):
    policy = serializers.IntegerField(source="policy_id")
    policy_name = serializers.CharField(source="policy.name")
    response = serializers.CharField()


class RenewalSerializer(serializers.Serializer[Any]):
    """`exceptions` are those of the build before, in the policies of the token's person."""

    process = serializers.IntegerField(source="process.pk")
    name = serializers.CharField(source="process.name")
    predecessor = serializers.IntegerField(source="predecessor.pk")
    exceptions = ToldExceptionSerializer(many=True)
    changes = ChangeSerializer(many=True)
    flags = FlagSerializer(many=True)
    needs_person = serializers.BooleanField()


class AcceptSerializer(serializers.Serializer[Any]):
    processes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST
    )


class AcceptedSerializer(serializers.Serializer[Any]):
    decisions = DecisionSerializer(many=True)
    applied = serializers.IntegerField()
    skipped = SkipSerializer(many=True)


class RenewalCursor(IdCursor):
    ordering = "-process_id"


class RenewalViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Renewal]):
    """New builds without a response whose build before has one."""

    queryset = Renewal.objects.none()
    serializer_class = RenewalSerializer
    pagination_class = RenewalCursor
    write_scope = "decide"

    def get_queryset(self) -> QuerySet[Renewal]:
        now, user = timezone.now(), cast("User", self.request.user)
        waiting = Sighting.objects.visible_to(user).open(now)
        return asking(now).filter(process__in=waiting.values("process"))

    def paginate_queryset(self, queryset: Any) -> Any:
        """Of the page's renewals what is proposed to the person."""
        page = super().paginate_queryset(queryset) or []
        user = cast("User", self.request.user)
        return proposals(user, [row.process_id for row in page], timezone.now())

    @extend_schema(request=AcceptSerializer, responses={201: AcceptedSerializer}, parameters=[KEY])
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """The response of the build before, in the same policies. What needs a person is left."""
        user = cast("User", request.user)
        asked = AcceptSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ids = seen_processes(user, asked.validated_data["processes"])
        if not has_role_anywhere(user, "analyst"):
            raise PermissionDenied

        def act() -> Response:
            try:
                done = renew(
                    actor=Actor.by_token(user), user=user, processes=ids, now=timezone.now()
                )
            except ExceptionsError as error:
                raise refused(error) from error
            results = [result for _, result in done.results]
            told = {
                "decisions": [r.decision for r in results if r.decision is not None],
                "applied": done.applied,
                "skipped": [*done.skipped, *(skip for r in results for skip in r.skipped)],
            }
            status = 201 if told["decisions"] else 200
            return Response(AcceptedSerializer(told).data, status=status)

        return once(request, act, dict(asked.validated_data))


routes = [("renewals", RenewalViewSet, "api-renewal")]
