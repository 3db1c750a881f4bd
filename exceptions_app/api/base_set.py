"""policies/{id}/base/ and follow-base/: the base set that a policy includes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.policies.base_set import ahead, base_of, follow, set_base
from exceptions_app.policies.effective import groups_touched
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class BaseGivenSerializer(serializers.Serializer[Any]):
    base = serializers.IntegerField(allow_null=True, help_text="a policy; null: none any more")


class BaseSerializer(serializers.Serializer[Any]):
    base = serializers.IntegerField(allow_null=True, help_text="null also for one that is unseen")
    has_base = serializers.BooleanField()
    to_write = serializers.IntegerField(help_text="rules that the draft lacks or has otherwise")
    to_retire = serializers.IntegerField(help_text="rules that the base has no more")
    overruled = serializers.IntegerField(help_text="rules of the base that are decided otherwise")
    left_out = serializers.IntegerField(help_text="rules of the base that were removed here")


class FollowedSerializer(serializers.Serializer[Any]):
    written = serializers.IntegerField()
    retired = serializers.IntegerField()
    decisions = serializers.ListField(child=serializers.IntegerField())


class LayeredPolicies(viewsets.GenericViewSet[Policy]):
    """The acts by which a policy includes a base."""

    def _draft(self) -> tuple[Policy, User]:
        policy, user = self.get_object(), cast("User", self.request.user)
        groups = groups_touched([policy])
        if not (has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", groups)):
            raise PermissionDenied
        return policy, user

    @extend_schema(responses=BaseSerializer)
    @action(detail=True, methods=["get"], filterset_fields=[], pagination_class=None)
    def base(self, request: Request, pk: str) -> Response:
        """The base, and what the draft lacks to say what both say together."""
        return Response(_told(self.get_object(), cast("User", request.user)))

    @extend_schema(request=BaseGivenSerializer, responses=BaseSerializer)
    @base.mapping.put
    def set_base(self, request: Request, pk: str) -> Response:
        """Choose a base that you see, or none; nothing is taken over yet."""
        policy, user = self._draft()
        asked = BaseGivenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data["base"]
        base = Policy.objects.visible_to(user).filter(pk=wanted).first() if wanted else None
        if wanted and base is None:
            raise exceptions.NotFound("There is no such policy to be the base.")
        try:
            set_base(actor=Actor.by_token(user), policy=policy, base=base, now=timezone.now())
        except ExceptionsError as error:
            raise refused(error) from error
        return Response(_told(policy, user))

    @extend_schema(request=None, responses={201: FollowedSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"], url_path="follow-base")
    def follow_base(self, request: Request, pk: str) -> Response:
        """Take over what the base holds into the draft; publish it to make it the rule."""
        policy, user = self._draft()
        base = base_of(policy)
        if base is not None and not Policy.objects.visible_to(user).contains(base):
            raise PermissionDenied

        def act() -> Response:
            try:
                done = follow(actor=Actor.by_token(user), policy=policy, now=timezone.now())
            except ExceptionsError as error:
                raise refused(error) from error
            made = [result.decision.pk for result in done.results if result.decision]
            told = {"written": done.written, "retired": done.retired, "decisions": made}
            return Response(told, status=201)

        return once(request, act, "follow")


def _told(policy: Policy, user: User) -> dict[str, Any]:
    base = base_of(policy)
    is_seen = base is not None and Policy.objects.visible_to(user).contains(base)
    found = ahead(policy, base, timezone.now()) if base is not None and is_seen else None
    return {
        "base": base.pk if base is not None and is_seen else None,
        "has_base": base is not None,
        "to_write": len(found.write) if found is not None else 0,
        "to_retire": len(found.retire) if found is not None else 0,
        "overruled": len(found.overruled) if found is not None else 0,
        "left_out": len(found.left_out) if found is not None else 0,
    }
