"""GET audit/: the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from rest_framework import serializers, viewsets

from truscan.access.scope import sees_whole_estate
from truscan.ledger_filter import LedgerFilter
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.db.models import QuerySet


class AuditSerializer(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "at",
            "actor_name",
            "means",
            "code",
            "object_type",
            "object_id",
            "object_name",
            "before",
            "after",
            "reason",
            "previous_hash",
            "hash",
        ]


class AuditViewSet(viewsets.ReadOnlyModelViewSet[AuditEvent]):
    """Every act; entries tell of all groups, so reading them needs the whole estate."""

    queryset = AuditEvent.objects.none()
    serializer_class = AuditSerializer
    filterset_class = LedgerFilter

    def get_queryset(self) -> QuerySet[AuditEvent]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if not sees_whole_estate(self.request.user):  # type: ignore[arg-type]
            raise Http404
        return AuditEvent.objects.all()


routes = [("audit", AuditViewSet, "api-audit")]
