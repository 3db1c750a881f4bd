"""ramp-plans/{id}/dossiers/: the draft, the sealed ones, and sealing; the twin of the pages."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from exceptions_app.api.refusal import refused
from exceptions_app.dossier.document import document
from exceptions_app.dossier.seal import seal
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.dossier import Dossier
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.models.ramp import RampPlan
from truscan.ramp.rows import group_ids_of, with_rows

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from rest_framework.request import Request


class DossierSerializer(serializers.ModelSerializer[Dossier]):
    """A sealed dossier; `text` of a single one is what was signed, byte for byte."""

    sealed_by = serializers.CharField(source="actor_name")

    class Meta:
        model = Dossier
        fields = ["number", "sha256", "signature", "public_key", "ledger_head", "sealed_at",
                  "sealed_by", "means"]  # fmt: skip


class WholeDossierSerializer(DossierSerializer):
    text = serializers.CharField(source="canonical")
    document = serializers.SerializerMethodField()

    class Meta(DossierSerializer.Meta):
        fields = [*DossierSerializer.Meta.fields, "text", "document"]

    def get_document(self, dossier: Dossier) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(dossier.canonical)
        return told


def _plan(request: Request, pk: int, role: str = "viewer") -> RampPlan:
    """404 for a plan of other groups, 403 unless the person has the role for all of its groups."""
    user = cast("User", request.user)
    plan: RampPlan = get_object_or_404(with_rows(RampPlan.objects.visible_to(user)), pk=pk)
    if not may_write_groups(user, role, group_ids_of(plan)):
        raise PermissionDenied
    return plan


class DossierListView(APIView):
    write_scope = "ramp"

    @extend_schema(
        operation_id="v1_ramp_plans_dossiers_list", responses=DossierSerializer(many=True)
    )
    def get(self, request: Request, pk: int) -> Response:
        """The sealed dossiers of the plan, the newest first."""
        rows = _plan(request, pk).dossiers.defer("canonical")
        return Response(DossierSerializer(rows, many=True).data)

    @extend_schema(request=None, responses={201: WholeDossierSerializer}, parameters=[KEY])
    def post(self, request: Request, pk: int) -> Response:
        """Seal the dossier, from the last level on; the last one is returned if nothing changed."""
        plan = _plan(request, pk, "approver")

        def do() -> Response:
            actor = Actor.by_token(cast("User", request.user))
            try:
                dossier = seal(actor=actor, plan=plan, now=timezone.now())
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(WholeDossierSerializer(dossier).data, status=201)

        return once(request, do, {})


class DossierDraftView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: int) -> Response:
        """What a dossier sealed now would say; the schema is at /api/v1/dossier.schema.json."""
        return Response(document(_plan(request, pk), timezone.now()))


class DossierView(APIView):
    @extend_schema(operation_id="v1_ramp_plans_dossiers_retrieve", responses=WholeDossierSerializer)
    def get(self, request: Request, pk: int, number: int) -> Response:
        """A sealed dossier with its signed text."""
        dossier = get_object_or_404(Dossier, plan=_plan(request, pk), number=number)
        return Response(WholeDossierSerializer(dossier).data)


class DossierSignatureView(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(bytes)})
    def get(self, request: Request, pk: int, number: int) -> HttpResponse:
        """The raw signature of 64 bytes, as openssl takes it; 404 if it is not signed."""
        dossier = get_object_or_404(Dossier, plan=_plan(request, pk), number=number)
        if not dossier.signature:
            raise Http404
        raw = base64.b64decode(dossier.signature)
        return HttpResponse(raw, content_type="application/octet-stream")


@cache
def schema_bytes() -> bytes:
    return resources.files("exceptions_app.dossier").joinpath("dossier.schema.json").read_bytes()


@require_safe
def dossier_schema(request: HttpRequest) -> HttpResponse:
    """Public like the policy file's: it holds nothing of the estate."""
    r = HttpResponse(schema_bytes(), content_type="application/schema+json")
    r["Cache-Control"] = "public, max-age=3600"
    return r


AT = "ramp-plans/<int:pk>/dossiers/"
urlpatterns = [
    path(AT, DossierListView.as_view(), name="api-dossier-list"),
    path(f"{AT}draft/", DossierDraftView.as_view(), name="api-dossier-draft"),
    path(f"{AT}<int:number>/", DossierView.as_view(), name="api-dossier-detail"),
    path(f"{AT}<int:number>/signature/", DossierSignatureView.as_view(), name="api-dossier-sig"),
    path("dossier.schema.json", dossier_schema, name="dossier-schema"),
]
