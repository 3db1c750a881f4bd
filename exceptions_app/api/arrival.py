"""arrival/ and policy-arrival/: who runs the newest serial, and which exception does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.api.upload_size import require_size
from exceptions_app.arrival.effect import effect_of
from exceptions_app.arrival.effect_counts import failing_policies
from exceptions_app.arrival.serial import Arrival
from exceptions_app.arrival.shares import clients, shares, total
from exceptions_app.arrival.status_file import MOST_BYTES, read_status
from exceptions_app.arrival.take_in import count_status, take_in_status
from exceptions_app.arrival.told import as_json
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from truscan.access.actor import Actor
from truscan.access.scope import group_ids, has_role_anywhere

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request
    from rest_framework.viewsets import ViewSetMixin

MOST = 1000
MOST_ID = 2**63 - 1


class CountsSerializer(serializers.Serializer[Any]):
    current = serializers.IntegerField()
    behind = serializers.IntegerField()
    silent = serializers.IntegerField(help_text="not heard for a week: proves nothing")
    unknown = serializers.IntegerField()
    clients = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True, help_text="on the newest serial")


class ShareSerializer(CountsSerializer):
    group = serializers.IntegerField(source="group.pk", allow_null=True, default=None)
    path = serializers.CharField(source="group.path", allow_null=True, default=None)
    serial = serializers.CharField()
    serial_at = serializers.DateTimeField(allow_null=True)
    is_told = serializers.BooleanField(help_text="false: only the newest seen on a client")


class FailingSerializer(serializers.Serializer[Any]):
    policy = serializers.IntegerField(source="policy_id")
    name = serializers.CharField(source="policy.name")
    revision = serializers.IntegerField(source="revision_number")
    failing = serializers.IntegerField(help_text="exceptions that do not take effect")
    unclear = serializers.IntegerField(help_text="of which logs do not say")
    stopping = serializers.IntegerField()
    judged_at = serializers.DateTimeField()


class ArrivalSerializer(serializers.Serializer[Any]):
    failing = FailingSerializer(
        many=True, help_text="policies that you see whole, the worst first, at most 100"
    )
    sum = CountsSerializer()
    groups = ShareSerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page")


class ClientStateSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    group = serializers.IntegerField(source="group_id", allow_null=True)
    path = serializers.CharField(source="group", allow_null=True)
    state = serializers.ChoiceField(choices=[(one.value, one.value) for one in Arrival])
    serial = serializers.CharField()
    agent_version = serializers.CharField()
    location = serializers.CharField()
    checked_in_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField()
    told_by = serializers.CharField(source="source", help_text="such as SEPM REST")


class ClientPageSerializer(serializers.Serializer[Any]):
    clients = ClientStateSerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page")


class AfterSerializer(serializers.Serializer[Any]):
    after = serializers.IntegerField(default=0, min_value=0, max_value=MOST_ID)


class ClientsAskedSerializer(AfterSerializer):
    state = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in Arrival], required=False, default=""
    )
    group = serializers.IntegerField(required=False, min_value=1, max_value=MOST_ID)


class StatusAskedSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(default=False)
    domain = serializers.CharField(default="", allow_blank=True, max_length=255)
    timezone = serializers.CharField(default="UTC", max_length=64)
    date_order = serializers.ChoiceField(choices=["dmy", "mdy", "ymd"], required=False)
    as_of = serializers.DateTimeField(required=False)


class StatusUploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()


class BadLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    why = serializers.CharField()


class StatusToldSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    encoding = serializers.CharField()
    as_of = serializers.DateTimeField()
    columns = serializers.ListField(child=serializers.CharField())
    unknown_columns = serializers.ListField(child=serializers.CharField())
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    older = serializers.IntegerField()
    groups = serializers.IntegerField()
    odd_serials = serializers.IntegerField()
    rejected = serializers.IntegerField()
    bad_lines = BadLineSerializer(many=True)


class CauseSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = serializers.CharField()


class StillPlaceSerializer(serializers.Serializer[Any]):
    group = serializers.IntegerField(source="group.pk")
    path = serializers.CharField(source="group.path")
    location = serializers.CharField()
    rows = serializers.IntegerField()
    occurrences = serializers.IntegerField(help_text="detected, or left by the client")
    unclear = serializers.IntegerField(help_text="the log's word does not say what was done")
    last_on = serializers.DateField()
    causes = CauseSerializer(many=True)


class StillSerializer(serializers.Serializer[Any]):
    process = serializers.IntegerField(source="process.pk")
    name = serializers.CharField(source="process.name")
    hash = serializers.CharField(source="process.hash")
    response = serializers.CharField()
    since = serializers.DateTimeField()
    occurrences = serializers.IntegerField()
    unclear = serializers.IntegerField()
    places = StillPlaceSerializer(many=True)
    more_places = serializers.IntegerField()


class EffectSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(source="revision.number", allow_null=True, default=None)
    judged_from = serializers.DateTimeField(allow_null=True)
    heard_at = serializers.DateTimeField(allow_null=True)
    is_proven = serializers.BooleanField(help_text="logs spoke after the heartbeat")
    not_taking_effect = StillSerializer(source="still", many=True)
    not_clear = StillSerializer(
        source="unclear", many=True, help_text="Quarantine or Terminate; logs do not say if it acts"
    )
    stopping = serializers.IntegerField(help_text="Quarantine and Terminate rules that stopped it")
    stopped = serializers.IntegerField(help_text="detections that they stopped")
    more = serializers.IntegerField()
    shares = ShareSerializer(many=True)


def _seen(user: User) -> set[int] | None:
    ids = group_ids(user)
    return None if ids is None else set(ids.values_list("pk", flat=True))


class ArrivalViewSet(viewsets.ViewSet):
    serializer_class = ArrivalSerializer
    write_scope = "import"

    @extend_schema(
        operation_id="arrival_retrieve", parameters=[AfterSerializer], responses=ArrivalSerializer
    )
    def list(self, request: Request) -> Response:
        """The share of each group on its newest serial, by group id, and the sum of all."""
        asked = AfterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = shares(_seen(cast("User", request.user)), timezone.now())
        rest = [row for row in rows if row.group is None or row.group.pk > asked.data["after"]]
        last = rest[MOST - 1].group if len(rest) > MOST else None
        told = {
            "failing": failing_policies(cast("User", request.user)),
            "sum": total(rows),
            "groups": rest[:MOST],
            "next": last.pk if last else None,
        }
        return Response(ArrivalSerializer(told).data)

    @extend_schema(parameters=[ClientsAskedSerializer], responses=ClientPageSerializer)
    @action(detail=False, methods=["get"])
    def clients(self, request: Request) -> Response:
        """Clients by id, narrowed by state and group."""
        asked = ClientsAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        seen = _seen(cast("User", request.user))
        if "group" in given:
            seen = {given["group"]} if seen is None else seen & {given["group"]}
        rows = clients(
            seen, timezone.now(), state=given["state"], after=given["after"], most=MOST + 1
        )
        more = rows[MOST - 1].id if len(rows) > MOST else None
        return Response(ClientPageSerializer({"clients": rows[:MOST], "next": more}).data)

    @extend_schema(
        parameters=[StatusAskedSerializer],
        request={"multipart/form-data": StatusUploadSerializer},
        responses=StatusToldSerializer,
    )
    @action(detail=False, methods=["post"], parser_classes=[MultiPartParser])
    def status(self, request: Request) -> Response:
        """Take in a computer-status table, as multipart field `file`; `dry_run` only counts."""
        require_size(request, MOST_BYTES)
        user = cast("User", request.user)
        if not has_role_anywhere(user, "analyst"):
            raise PermissionDenied
        asked = StatusAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given, now = asked.validated_data, timezone.now()
        file = request.FILES.get("file")
        if file is None:
            raise serializers.ValidationError({"file": ["Send the table."]})
        try:
            body, order = file.read(MOST_BYTES + 1), given.get("date_order")
            table = read_status(body, now=now, zone=given["timezone"], order=order)
            counted = count_status(
                table, now=now, user=user, domain=given["domain"], as_of=given.get("as_of")
            )
            if not given["dry_run"]:
                actor = Actor.by_token(user)
                take_in_status(actor=actor, counted=counted, name=file.name or "table")
        except ExceptionsError as error:
            raise refused(error) from error
        return Response({"dry_run": given["dry_run"], **as_json(table, counted)})


class PolicyArrivalViewSet(viewsets.GenericViewSet[Policy]):
    queryset = Policy.objects.none()
    serializer_class = EffectSerializer

    @extend_schema(responses=EffectSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Which exceptions do not take effect after the heartbeat, where, and likely causes."""
        user = cast("User", request.user)
        number = int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else 0
        policy = get_object_or_404(Policy.objects.visible_to(user), pk=number)
        return Response(EffectSerializer(effect_of(policy, _seen(user), timezone.now())).data)


routes: list[tuple[str, type[ViewSetMixin], str]] = [
    ("arrival", ArrivalViewSet, "api-arrival"),
    ("policy-arrival", PolicyArrivalViewSet, "api-policy-arrival"),
]
