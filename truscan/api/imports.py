"""imports/: hand in log files, read receipts, take imports back."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FileUploadParser, MultiPartParser
from rest_framework.response import Response

from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate
from truscan.access.sites import site_named
from truscan.api.idempotency import KEY, once
from truscan.api.json_body import ShallowJSONParser
from truscan.api.problem import Conflict
from truscan.ingest.errors import IngestError
from truscan.ingest.file_store import pieces
from truscan.ingest.job import accept_file, answer
from truscan.ingest.withdraw import reread, withdraw
from truscan.models.log_import import ImportGroup, LogImport, RejectedLine

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

NAME = OpenApiParameter(
    "name", str, description="File name of a raw body; multipart brings its own"
)
SITE = OpenApiParameter("site", str, description="Name of the site; made if it is new")
ZONE = OpenApiParameter("timezone", str, description="Time zone of the log; else the site's")
ENCODING = OpenApiParameter("encoding", str, description="Encoding; else found out")


class RawBody(FileUploadParser):
    """Any other content type is the file itself; `?name=` tells its name."""

    media_type = "*/*"

    def get_filename(self, stream: Any, media_type: Any, parser_context: Any) -> str:
        request = parser_context["request"]
        name = super().get_filename(stream, media_type, parser_context)
        return str(name or request.query_params.get("name") or "upload.log")


class ImportSerializer(serializers.ModelSerializer[LogImport]):
    site = serializers.CharField(source="site.name")

    class Meta:
        model = LogImport
        fields = [
            "id",
            "name",
            "member",
            "site",
            "state",
            "format",
            "encoding_found",
            "timezone",
            "read",
            "inserted",
            "updated",
            "duplicate",
            "ignored",
            "rejected",
            "ignored_by_kind",
            "bytes_total",
            "bytes_done",
            "question",
            "error",
            "seconds",
            "sha256",
            "created_at",
            "started_at",
            "finished_at",
            "withdrawn_at",
            "actor_name",
            "means",
            "rereads",
        ]
        read_only_fields = fields


class QuerySerializer(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=255, default="", allow_blank=True)
    timezone = serializers.CharField(max_length=64, default="", allow_blank=True)
    encoding = serializers.CharField(max_length=32, default="", allow_blank=True)


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()


class ReadingSerializer(serializers.Serializer[Any]):
    timezone = serializers.CharField(required=False, max_length=64)
    encoding = serializers.CharField(required=False, max_length=32)
    mapping = serializers.DictField(child=serializers.CharField(), required=False)


class AnswerSerializer(serializers.Serializer[Any]):
    mapping = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="header of a column -> field of read_log; @date_order for ambiguous dates",
    )


class RejectSerializer(serializers.ModelSerializer[RejectedLine]):
    raw = serializers.SerializerMethodField(help_text="control characters escaped")

    class Meta:
        model = RejectedLine
        fields = ["id", "line_no", "code", "reason", "raw"]

    def get_raw(self, reject: RejectedLine) -> str:
        return bytes(reject.raw).decode("utf-8", "backslashreplace")


class ImportViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LogImport]
):
    """Receipts; read = inserted + updated + duplicate + ignored + rejected."""

    queryset = LogImport.objects.none()
    serializer_class = ImportSerializer
    write_scope = "import"
    parser_classes = [MultiPartParser, ShallowJSONParser, RawBody]
    filterset_fields = ["state", "site__name"]

    def get_queryset(self) -> QuerySet[LogImport]:
        imports = LogImport.objects.visible_to(self.user)
        return imports.select_related("site")

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer, "application/octet-stream": bytes},
        responses={201: ImportSerializer(many=True)},
        parameters=[KEY, NAME, SITE, ZONE, ENCODING],
    )
    def create(self, request: Request) -> Response:
        """Hand in a log file, as multipart field `file` or as the raw body with `?name=`."""
        if not has_role_anywhere(self.user, "analyst"):
            raise PermissionDenied
        file = request.data.get("file") if hasattr(request.data, "get") else None
        if file is None or not hasattr(file, "read"):
            raise exceptions.ValidationError({"file": ["Send the log file."]})
        query = QuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = dict(query.validated_data)
        # By content: a repeat of the same size and name may be another night's log.
        body = [file.name, _digest(file), asked]
        return once(request, lambda: self._accept(file, asked), body)

    def _accept(self, file: Any, asked: dict[str, str]) -> Response:
        actor = Actor.by_token(self.user)
        try:
            made = accept_file(
                actor=actor,
                name=file.name or "upload.log",
                stream=cast("BinaryIO", file if hasattr(file, "seek") else io.BytesIO(file.read())),
                site=site_named(actor=actor, name=asked["site"]),
                timezone=asked["timezone"] or None,
                encoding=asked["encoding"] or None,
            )
        except IngestError as error:
            raise exceptions.ValidationError({"file": [str(error)]}) from error
        for row in made:
            row.refresh_from_db()
        return Response(ImportSerializer(made, many=True).data, status=201)

    def _writable(self) -> LogImport:
        """The import, if the person is an analyst of every group it has lines of."""
        row = self.get_object()
        groups = ImportGroup.objects.filter(log_import=row).values_list("group_id", flat=True)
        if not (
            has_role_anywhere(self.user, "analyst")
            and may_write_groups(self.user, "analyst", groups)
        ):
            raise PermissionDenied
        return row

    @extend_schema(request=None, responses=ImportSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back: its counts are subtracted exactly; decisions stay."""
        row = self._writable()

        def act() -> Response:
            try:
                withdraw(actor=Actor.by_token(self.user), log_import=row, now=timezone.now())
            except IngestError as error:
                raise Conflict(str(error)) from error
            row.refresh_from_db()
            return Response(ImportSerializer(row).data)

        return once(request, act, None)

    @extend_schema(request=ReadingSerializer, responses={201: ImportSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def reread(self, request: Request, pk: str) -> Response:
        """Read the same file again with another zone, encoding or mapping, as one act."""
        row = self._writable()
        asked = ReadingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def act() -> Response:
            try:
                new = reread(
                    actor=Actor.by_token(self.user), log_import=row, now=timezone.now(), **given
                )
            except IngestError as error:
                raise Conflict(str(error)) from error
            return Response(ImportSerializer(new).data, status=201)

        return once(request, act, given)

    @extend_schema(request=AnswerSerializer, responses=ImportSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Say what the columns mean that an import in state `question` asks about."""
        row = self._writable()
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mapping = asked.validated_data["mapping"]

        def act() -> Response:
            try:
                answer(actor=Actor.by_token(self.user), log_import=row, mapping=mapping)
            except IngestError as error:
                raise Conflict(str(error)) from error
            row.refresh_from_db()
            return Response(ImportSerializer(row).data)

        return once(request, act, mapping)

    @extend_schema(responses=RejectSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_fields=[])
    def rejects(self, request: Request, pk: str) -> Response:
        """The lines that could not be read, with the reason."""
        row = self.get_object()
        if row.actor_user_id != self.user.pk and not sees_whole_estate(self.user):
            raise exceptions.NotFound
        page = cast("list[RejectedLine]", self.paginate_queryset(row.rejects.all()) or [])  # type: ignore[arg-type]
        return self.get_paginated_response(RejectSerializer(page, many=True).data)


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


routes = [("imports", ImportViewSet, "api-import")]
