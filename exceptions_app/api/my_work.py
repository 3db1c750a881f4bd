"""my-work/: what waits for the token's person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from exceptions_app.api.approvals import ApprovalSerializer
from exceptions_app.api.claims import ClaimSerializer
from exceptions_app.api.comments import MentionSerializer
from exceptions_app.triage.my_work import my_work

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class DueReviewSerializer(serializers.Serializer[Any]):
    exception = serializers.IntegerField(source="pk")
    process = serializers.IntegerField(source="process_id")
    policy = serializers.IntegerField(source="policy_id")
    review_on = serializers.DateField()


class MyWorkSerializer(serializers.Serializer[Any]):
    mentions = MentionSerializer(many=True)
    to_approve = ApprovalSerializer(many=True)
    asked = ApprovalSerializer(many=True)
    reviews = DueReviewSerializer(many=True)
    claims = ClaimSerializer(many=True)
    overdue = serializers.IntegerField(help_text="in the person's groups; 10001: more than 10,000")


class MyWorkViewSet(viewsets.ViewSet):
    serializer_class = MyWorkSerializer

    @extend_schema(operation_id="my_work_retrieve", responses=MyWorkSerializer)
    def list(self, request: Request) -> Response:
        """Mentions, requests that wait for this person, his own ones, his reviews that are due,
        his claims; at most fifty of each. How much is overdue in his groups."""
        work = my_work(cast("User", request.user), timezone.now())
        return Response(MyWorkSerializer(work).data)


routes = [("my-work", MyWorkViewSet, "api-my-work")]
