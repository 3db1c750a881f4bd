"""ramp-plans/: plans with their state, and the acts of an approver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.api.problem import Conflict
from truscan.models.estate import Group
from truscan.models.ramp import RampPlan, ScanPolicyUse, Track
from truscan.ramp.actions import act
from truscan.ramp.create import MOST_DAYS, create_plan
from truscan.ramp.errors import PlanRefused, RampError
from truscan.ramp.find import find_location
from truscan.ramp.judge import judge, judgement_outline
from truscan.ramp.layout import COMMERCIAL_ACTIONS, MAX_SPELL
from truscan.ramp.next_level import forecast_outline, next_level
from truscan.ramp.open_days import MOST_CLOSURES, ClosedFor, Closure, OpenDays
from truscan.ramp.outline import outline, replanned, utc
from truscan.ramp.override import ask_override, give_override
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Profile
from truscan.ramp.plan_thresholds import set_threshold
from truscan.ramp.replan import Move, preview, replan
from truscan.ramp.rows import group_ids_of, visible_groups_of, with_rows
from truscan.ramp.scan_settings import NAMES, record_setting
from truscan.ramp.schedule import Action
from truscan.ramp.thresholds import Key, Mode

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


ON = OpenApiParameter(
    "on", OpenApiTypes.DATE, description="the plan as it stood or will stand on that day"
)


class ClosureSerializer(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in ClosedFor])
    name = serializers.CharField(default="", allow_blank=True, max_length=100)


class PlanSerializer(serializers.Serializer[Any]):
    scan_policy = serializers.CharField(max_length=255)
    track = serializers.ChoiceField(choices=Track.choices)
    groups = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=500)
    location = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=256, help_text="else all locations"
    )
    start_on = serializers.DateField()
    days = serializers.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        default=75,
        help_text=f"between the first and the last level; outside {MIN_DAYS} to {MAX_DAYS} a "
        "reason is needed",
    )
    dwells = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_SPELL),
        default=list,
        max_length=9,
        help_text="days at each level but the last, instead of an even spread",
    )
    profile = serializers.ChoiceField(choices=[p.value for p in Profile], default="ramp")
    break_in = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    enforce_after = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    watch = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        min_length=1,
        max_length=7,
        default=lambda: list(range(7)),
        help_text="days of the week on which a level may be due, 0 is Monday",
    )
    closures = serializers.ListField(
        child=ClosureSerializer(), default=list, max_length=MOST_CLOSURES
    )
    zone = serializers.CharField(max_length=64, default="UTC")
    action = serializers.ChoiceField(
        choices=list(COMMERCIAL_ACTIONS),
        default="quarantine",
        help_text="what new detections get at the end; commercial applications: after Log",
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class ActSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=["confirm", "hold", "resume", "back", "end"])
    level = serializers.CharField(required=False, default="", allow_blank=True, max_length=16)
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class OverrideSerializer(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=["ask", "give"])
    level = serializers.CharField(max_length=16)
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ThresholdSerializer(serializers.Serializer[Any]):
    gate = serializers.ChoiceField(choices=[key.value for key in Key])
    bound = serializers.FloatField(min_value=0, help_text="shares as 0.8 for 80 %")
    back_at = serializers.FloatField(min_value=0, default=None, allow_null=True)
    mode = serializers.ChoiceField(choices=[mode.value for mode in Mode])
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class SettingSerializer(serializers.Serializer[Any]):
    setting = serializers.ChoiceField(choices=list(NAMES))
    value = serializers.CharField(max_length=16)
    at = serializers.DateTimeField(default=None, allow_null=True, help_text="else now")
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ReplanSerializer(serializers.Serializer[Any]):
    """Either `level` and `on`, or `weekdays` and `closures`."""

    level = serializers.CharField(default="", allow_blank=True, max_length=16)
    on = serializers.DateField(default=None, allow_null=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, default=list
    )
    closures = serializers.ListField(
        child=ClosureSerializer(), default=list, max_length=MOST_CLOSURES
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)
    preview = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_move = bool(attrs["level"]) and attrs["on"] is not None
        if is_move == bool(attrs["weekdays"]):
            raise serializers.ValidationError("Give level and on, or weekdays and closures.")
        return attrs

    def change(self) -> Move | OpenDays:
        given = self.validated_data
        return open_days_asked(given) if given["weekdays"] else Move(given["level"], given["on"])


def open_days_asked(given: dict[str, Any]) -> OpenDays:
    """The calendar of a request; PlanRefused for a closure that ends before it begins."""
    try:
        closures = tuple(Closure(**{**c, "kind": ClosedFor(c["kind"])}) for c in given["closures"])
    except ValueError as error:
        raise PlanRefused(str(error)) from error
    return OpenDays(frozenset(given["weekdays"]), closures)


def _approved_groups(user: User, ids: Collection[int]) -> list[Group]:
    """All of the groups, which the person must approve for; a forged id is not found."""
    visible = Group.objects.visible_to(user).filter(pk__in=ids)
    groups = list(visible.order_by("path_key"))
    if len(groups) != len(set(ids)):
        raise exceptions.NotFound("A group is not there, or it is outside your groups.")
    if not may_write_groups(user, "approver", ids):
        raise PermissionDenied
    return groups


class RampPlanViewSet(viewsets.GenericViewSet[RampPlan]):
    """Plans whose scan policy is used in a group of the token's person."""

    queryset = RampPlan.objects.none()
    write_scope = "ramp"
    filterset_fields = ["track", "scan_policy__name"]

    def get_queryset(self) -> QuerySet[RampPlan]:
        return with_rows(RampPlan.objects.visible_to(cast("User", self.request.user)))

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

    @extend_schema(request=PlanSerializer, responses={201: OpenApiTypes.OBJECT}, parameters=[KEY])
    def create(self, request: Request) -> Response:
        """Plan a ramp for a scan policy; an equal plan that has not ended is returned."""
        user = cast("User", request.user)
        asked = PlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        groups = _approved_groups(user, given["groups"])
        used = ScanPolicyUse.objects.filter(scan_policy__name=given["scan_policy"].strip())
        if not may_write_groups(user, "approver", used.values_list("group_id", flat=True)):
            raise PermissionDenied
        name = given["location"].strip()
        apart = {"groups", "location", "weekdays", "closures"}
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
            return self._told(row.pk, user, now, 201)

        return once(request, do, asked.data)

    def _told(self, pk: int, user: User, now: datetime, status: int = 200) -> Response:
        row = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(outline(row, now, visible_groups_of([row], user)), status=status)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def gates(self, request: Request, pk: str) -> Response:
        """What each gate says of the level in force, with number, bound and what it is made of,
        and the advice. Only for people who see all groups of the plan."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(cast("User", request.user), "viewer", group_ids_of(row)):
            raise PermissionDenied
        (judged,) = judge([row], timezone.now())
        return Response(judgement_outline(judged))

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def forecast(self, request: Request, pk: str) -> Response:
        """What the next level will bring: an interval that 8 of 10 such forecasts should hold, and
        how often it held. Only for people who see all groups of the plan."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(cast("User", request.user), "viewer", group_ids_of(row)):
            raise PermissionDenied
        return Response(forecast_outline(next_level(row, timezone.now())))

    @extend_schema(request=ActSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def act(self, request: Request, pk: str) -> Response:
        """Confirm a level that was set in SEPM, hold, resume, go back one level, or end."""
        user = cast("User", request.user)
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(user, "approver", group_ids_of(row)):
            raise PermissionDenied
        asked = ActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def do() -> Response:
            now = timezone.now()
            try:
                act(
                    Action(given["action"]),
                    actor=Actor.by_token(user),
                    plan=row,
                    level=given["level"],
                    reason=given["reason"],
                    now=now,
                )
            except RampError as error:
                raise Conflict(str(error)) from error
            return self._told(row.pk, user, now)

        return once(request, do, dict(given))

    @extend_schema(
        request=OverrideSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def override(self, request: Request, pk: str) -> Response:
        """Ask for an override of the gates that fail, or sign one that somebody else asked for.

        Only where a second person is required; else confirm the level with a reason.
        """
        user = cast("User", request.user)
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(user, "approver", group_ids_of(row)):
            raise PermissionDenied
        asked = OverrideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)

        def do() -> Response:
            now, actor = timezone.now(), Actor.by_token(user)
            do_it = ask_override if given["what"] == "ask" else give_override
            try:
                do_it(actor=actor, plan=row, level=given["level"], reason=given["reason"], now=now)
            except RampError as error:
                raise Conflict(str(error)) from error
            return self._told(row.pk, user, now)

        return once(request, do, given)

    @extend_schema(
        request=ThresholdSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def threshold(self, request: Request, pk: str) -> Response:
        """Ask another bound of one gate of this plan; the answer is what the gates say now."""
        user = cast("User", request.user)
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(user, "approver", group_ids_of(row)):
            raise PermissionDenied
        asked = ThresholdSerializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def do() -> Response:
            try:
                set_threshold(actor=Actor.by_token(user), plan=row, **asked.validated_data)
            except RampError as error:
                raise Conflict(str(error)) from error
            return Response(judgement_outline(judge([row], timezone.now())[0]))

        return once(request, do, dict(asked.validated_data))

    @extend_schema(request=ReplanSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def replan(self, request: Request, pk: str) -> Response:
        """Move a step, or replace the open days: every coming step before and after.

        With `preview` nothing is stored.
        """
        user = cast("User", request.user)
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(user, "approver", group_ids_of(row)):
            raise PermissionDenied
        asked = ReplanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def do() -> Response:
            now = timezone.now()
            try:
                change = asked.change()
                shown = preview(row, change, now)
                if not given["preview"]:
                    actor = Actor.by_token(user)
                    replan(actor=actor, plan=row, change=change, reason=given["reason"], now=now)
            except RampError as error:
                raise Conflict(str(error)) from error
            return Response(replanned(row, shown))

        return once(request, do, asked.data)

    @extend_schema(
        request=SettingSerializer, responses={200: OpenApiTypes.OBJECT}, parameters=[KEY]
    )
    @action(detail=True, methods=["post"])
    def setting(self, request: Request, pk: str) -> Response:
        """Record a scan setting that was changed in SEPM for the plan's scan policy."""
        user = cast("User", request.user)
        row = get_object_or_404(self.get_queryset(), pk=pk)
        if not may_write_groups(user, "approver", group_ids_of(row)):
            raise PermissionDenied
        asked = SettingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def do() -> Response:
            now, actor = timezone.now(), Actor.by_token(user)
            try:
                change = record_setting(
                    actor=actor, policy=row.scan_policy, now=now, **asked.validated_data
                )
            except RampError as error:
                raise Conflict(str(error)) from error
            told = {"setting": change.setting, "value": change.value, "at": utc(change.at)}
            return Response({**told, "actor": change.actor_name})

        return once(request, do, asked.data)


routes = [("ramp-plans", RampPlanViewSet, "api-ramp-plan")]
