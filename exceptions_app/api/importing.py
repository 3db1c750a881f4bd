"""policies/{id}/import/: the rules of a file into the draft; the twin of the page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from exceptions_app.api.refusal import refused
from exceptions_app.api.upload_size import require_size
from exceptions_app.errors import ExceptionsError
from exceptions_app.importing.read import MOST_BYTES, read_rules
from exceptions_app.models.policy import Policy
from exceptions_app.models.policy import Response as Answer
from exceptions_app.policies.effective import groups_touched
from exceptions_app.triage.take_in import count_file, take_in
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.api.imports import RawBody, UploadSerializer

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class HowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, default="upload", help_text="of a raw body")
    dry_run = serializers.BooleanField(default=False, help_text="count, and write nothing")
    replace = serializers.BooleanField(default=False, help_text="the file wins over the draft")
    response = serializers.ChoiceField(choices=Answer.choices, default=None, allow_null=True)
    reason = serializers.CharField(max_length=2000, default="", allow_blank=True)


class ConflictSerializer(serializers.Serializer[Any]):
    hash = serializers.CharField()
    response = serializers.CharField()
    why = serializers.CharField()


class CountedSerializer(serializers.Serializer[Any]):
    form = serializers.CharField()
    signed_by = serializers.CharField(help_text="empty: not signed")
    dry_run = serializers.BooleanField()
    decision = serializers.IntegerField(allow_null=True, help_text="null: nothing was written")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    conflicting = serializers.IntegerField()
    expired = serializers.IntegerField()
    new_processes = serializers.IntegerField()
    not_ours = serializers.DictField(child=serializers.IntegerField())
    foreign_changed = serializers.BooleanField()
    conflicts = ConflictSerializer(many=True)


class PolicyImportView(APIView):
    write_scope = "decide"
    parser_classes = [MultiPartParser, RawBody]

    @extend_schema(
        request={"multipart/form-data": UploadSerializer, "application/octet-stream": bytes},
        responses=CountedSerializer,
        parameters=[KEY, HowSerializer],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take the rules of a SEPM body, policy file or CSV into the draft, as one decision."""
        require_size(request, MOST_BYTES)
        user = cast("User", request.user)
        policy = get_object_or_404(Policy.objects.visible_to(user), pk=pk)
        groups = groups_touched([policy])
        if not (has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", groups)):
            raise PermissionDenied
        how = HowSerializer(data=request.query_params)
        how.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(how.validated_data)
        sent = request.data.get("file") if hasattr(request.data, "get") else None
        if sent is None or not hasattr(sent, "read"):
            raise exceptions.ValidationError({"file": ["Send the file of rules."]})
        try:
            file, body = read_rules(sent, asked["response"])
        except ExceptionsError as error:
            raise refused(error) from error
        digest, name = hashlib.sha256(body).hexdigest(), (sent.name or asked["name"])[:255]

        def act() -> Response:
            given: dict[str, Any] = {
                "file": file,
                "policy": policy,
                "now": timezone.now(),
                "replace": asked["replace"],
            }
            try:
                if asked["dry_run"]:
                    counted = count_file(**given)
                else:
                    counted = take_in(
                        actor=Actor.by_token(user),
                        source=name,
                        sha256=digest,
                        reason=asked["reason"] or f"Imported from {name}",
                        **given,
                    )
            except ExceptionsError as error:
                raise refused(error) from error
            head = {"form": file.form, "signed_by": file.signed_by, "dry_run": asked["dry_run"]}
            return Response({**head, **counted.as_json()})

        return once(request, act, [name, digest, asked])


urlpatterns = [
    path("policies/<int:pk>/import/", PolicyImportView.as_view(), name="api-policy-import")
]
