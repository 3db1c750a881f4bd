"""policies/{id}/compare/: what one revision says that another did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.models.policy import Policy
from exceptions_app.policies.diff import between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.request import Request

    from exceptions_app.models.policy import Revision
    from exceptions_app.policies.diff import Change, Changes

KINDS = ("added", "removed", "response", "renewed", "other")


class AskedSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    after = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class RuleChangeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=KINDS,
        help_text="response: another one for the same file; renewed: another build of the same"
        " program, by its hash; other: what `fields` names",
    )
    process = serializers.CharField(help_text="its name, else its hash")
    hashes = serializers.ListField(child=serializers.CharField())
    hashes_before = serializers.ListField(child=serializers.CharField())
    response_before = serializers.CharField(allow_blank=True)
    response_after = serializers.CharField(allow_blank=True)
    fields_changed = serializers.CharField(allow_blank=True)


class ComparedSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    is_equal = serializers.BooleanField()
    policy_changed = serializers.BooleanField(
        help_text="its name, description or rules of other kinds"
    )
    changes = RuleChangeSerializer(many=True)


class ComparingRevisions(viewsets.GenericViewSet[Policy]):
    """The act by which a policy's revisions are compared."""

    @extend_schema(parameters=[AskedSerializer], responses=ComparedSerializer)
    @action(detail=True, methods=["get"], filterset_fields=[], pagination_class=None)
    def compare(self, request: Request, pk: str) -> Response:
        """What revision `after` says that `before` did not: any two, in any order."""
        policy = self.get_object()
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        before, after = (
            _revision(policy, asked.validated_data[name]) for name in ("before", "after")
        )
        found = between(before, after)
        told = {
            "before": before.number,
            "after": after.number,
            "is_equal": not found,
            "policy_changed": found.policy,
            "changes": [_told(kind, change) for kind, change in _kinds(found)],
        }
        return Response(ComparedSerializer(told).data)


def _revision(policy: Policy, number: int) -> Revision:
    revision = policy.revisions.filter(number=number).first()
    if revision is None:
        raise exceptions.NotFound(f"The policy has no revision {number}.")
    return revision


def _kinds(found: Changes) -> Iterator[tuple[str, Change]]:
    yield from (("added", one) for one in found.added)
    yield from (("removed", one) for one in found.retired)
    for one in found.changed:
        yield ("response" if one.before != one.after else "other"), one
    yield from (("renewed", one) for one in found.renewed)


def _told(kind: str, change: Change) -> dict[str, Any]:
    return {
        "kind": kind,
        "process": change.name,
        "hashes": change.hashes,
        "hashes_before": change.was,
        "response_before": change.before,
        "response_after": change.after,
        "fields_changed": change.what,
    }
