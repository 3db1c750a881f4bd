"""replay/: what a draft, a response or the final switch would have done to what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.policy import Response as Answer
from exceptions_app.policies.go_back import way_back
from exceptions_app.replay.level import level_outline, replay_level
from exceptions_app.replay.outline import outline
from exceptions_app.replay.places import places_of_plan
from exceptions_app.replay.run import (
    DAYS,
    MOST_DAYS,
    Replay,
    replay_decision,
    replay_drafts,
    replay_revision,
    replay_switch,
)
from truscan.access.scope import group_ids
from truscan.models.process import Process
from truscan.models.ramp import RampPlan
from truscan.ramp.rows import with_rows

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from rest_framework.request import Request


class ReplaySerializer(serializers.Serializer[Any]):
    """Either `policy`, for its draft, for one `process` and `response`, or for going back to an
    earlier `revision` (its number); or `ramp_plan`, for the final switch to `action` or, with
    `level`, for that level."""

    policy = serializers.IntegerField(required=False)
    process = serializers.IntegerField(required=False)
    response = serializers.ChoiceField(choices=Answer.choices, required=False)
    revision = serializers.IntegerField(required=False)
    ramp_plan = serializers.IntegerField(required=False)
    action = serializers.ChoiceField(choices=["quarantine", "terminate"], default="quarantine")
    level = serializers.CharField(max_length=16, required=False)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=DAYS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("policy" in attrs) == ("ramp_plan" in attrs):
            raise serializers.ValidationError("Give either policy or ramp_plan.")
        if ("process" in attrs) != ("response" in attrs):
            raise serializers.ValidationError("Give process and response together.")
        if "revision" in attrs and ("process" in attrs or "policy" not in attrs):
            raise serializers.ValidationError("Give revision with policy and without process.")
        return attrs


class ReplayView(APIView):
    """Reads only: whoever may see the policy or plan may ask, for the groups that he sees."""

    @extend_schema(
        operation_id="v1_replay", parameters=[ReplaySerializer], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request) -> Response:
        """What would have been silenced, stopped or logged again, by group, location and day."""
        asked = ReplaySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        try:
            return Response(_replay(cast("User", request.user), asked.validated_data))
        except ExceptionsError as error:
            raise refused(error) from error


def _replay(user: User, given: dict[str, Any]) -> dict[str, Any]:
    ids = group_ids(user)
    groups = None if ids is None else set(ids.values_list("pk", flat=True))
    now, days = timezone.now(), given["days"]
    if "ramp_plan" not in given:
        return outline(_of_policy(user, given, groups, now))
    plans = with_rows(RampPlan.objects.visible_to(user))
    plan = get_object_or_404(plans, pk=given["ramp_plan"])
    places = places_of_plan(plan, groups)
    if "level" not in given:
        return outline(replay_switch(places, given["action"], now=now, days=days))
    levels = {step.level for step in plan.steps.all()}
    if given["level"] not in levels:
        raise exceptions.ValidationError({"level": ["The plan has no such level."]})
    return level_outline(
        replay_level(plan, places, given["level"], now=now, days=days, groups=groups)
    )


def _of_policy(user: User, given: dict[str, Any], groups: set[int] | None, now: datetime) -> Replay:
    days = given["days"]
    policy = get_object_or_404(Policy.objects.visible_to(user), pk=given["policy"])
    if "revision" in given:
        revision = get_object_or_404(policy.revisions, number=given["revision"])
        gone = [skip.process_id for skip in way_back(revision, now).skips]
        return replay_revision(revision, now=now, days=days, groups=groups, without=gone)
    if "process" not in given:
        return replay_drafts([policy.pk], now=now, days=days, groups=groups)
    process = Process.objects.visible_to(user).filter(pk=given["process"]).first()
    if process is None:
        raise exceptions.NotFound("There is no such process in your groups.")
    return replay_decision(
        [process.pk], [policy.pk], given["response"], now=now, days=days, groups=groups
    )


urlpatterns = [path("replay/", ReplayView.as_view(), name="api-replay")]
