"""policies/ with their revisions: create, publish, read."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.approvals import ApprovalSerializer
from exceptions_app.api.base_set import LayeredPolicies
from exceptions_app.api.compare import ComparingRevisions
from exceptions_app.api.exports import IF_NONE_MATCH, TARGET, answer, asked_target
from exceptions_app.api.lint import FindingSerializer
from exceptions_app.api.refusal import refused
from exceptions_app.arrival.fetched import note_fetch
from exceptions_app.errors import ExceptionsError
from exceptions_app.export.everything import NAME, write_everything
from exceptions_app.export.package import package_for_policy, package_per_policy
from exceptions_app.export.state import state_of_policy
from exceptions_app.export.whose import exportable
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.effective import groups_touched
from exceptions_app.policies.gate import findings_of
from exceptions_app.policies.go_back import go_back
from exceptions_app.policies.publish import as_of, publish
from exceptions_app.policies.publish_request import ask_to_publish
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.models.estate import Group

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

SINCE = OpenApiParameter("since", int, description="An earlier revision, which the server has")


class PolicySerializer(serializers.ModelSerializer[Policy]):
    class Meta:
        model = Policy
        fields = ["id", "name", "description", "shared", "created_at", "draft_changed_at"]
        read_only_fields = ["created_at", "draft_changed_at"]


class CreateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    description = serializers.CharField(
        max_length=1024, required=False, default="", allow_blank=True
    )
    shared = serializers.BooleanField(default=True)
    groups = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=1000
    )


class PublishSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class GoBackSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, help_text="the revision to go back to")
    reason = serializers.CharField(max_length=2000)


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    content = serializers.SerializerMethodField(help_text="the canonical document, see sha256")

    class Meta:
        model = Revision
        fields = [
            "id",
            "policy",
            "number",
            "sha256",
            "signature",
            "public_key",
            "ledger_head",
            "published_at",
            "actor_name",
            "note",
            "content",
        ]

    def get_content(self, revision: Revision) -> str:
        return revision.canonical


class PolicyViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, ComparingRevisions, LayeredPolicies
):
    """Centralized Exceptions Policies of the person's groups."""

    queryset = Policy.objects.none()
    serializer_class = PolicySerializer
    filterset_fields = ["name", "shared"]

    @property
    def write_scope(self) -> str:
        if self.action in {"ask", "set_base", "follow_base"}:
            return "decide"
        return "publish" if self.action in {"publish", "go_back"} else "admin"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Policy]:
        return Policy.objects.visible_to(self.user)

    @extend_schema(request=CreateSerializer, responses={201: PolicySerializer}, parameters=[KEY])
    def create(self, request: Request) -> Response:
        """Make a policy and put it on groups; an equal one that is there already is returned."""
        asked = CreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if not has_role_anywhere(self.user, "administrator"):
            raise PermissionDenied
        visible = Group.objects.visible_to(self.user, "administrator")
        groups = list(visible.filter(pk__in=given["groups"]))
        if len(groups) != len(set(given["groups"])):
            raise exceptions.NotFound("A group is not there, or you do not administer it.")

        def act() -> Response:
            wanted = {**given, "groups": groups}
            try:
                policy = create_policy(actor=Actor.by_token(self.user), **wanted)
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(PolicySerializer(policy).data, status=201)

        return once(request, act, dict(given))

    @extend_schema(request=PublishSerializer, responses={201: RevisionSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Publish the draft as the next revision; without a change the latest is returned."""
        policy = self._writable("approver")
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note = asked.validated_data["note"]

        def act() -> Response:
            try:
                revision = publish(
                    actor=Actor.by_token(self.user), policy=policy, now=timezone.now(), note=note
                )
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(RevisionSerializer(revision).data, status=201)

        return once(request, act, note)

    @extend_schema(request=PublishSerializer, responses={201: ApprovalSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask somebody else to publish the draft as it is; an equal open request is returned."""
        policy = self._writable("analyst")
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note = asked.validated_data["note"]

        def act() -> Response:
            actor, now = Actor.by_token(self.user), timezone.now()
            try:
                row = ask_to_publish(actor=actor, policy=policy, now=now, note=note)
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(ApprovalSerializer(row).data, status=201)

        return once(request, act, note)

    @extend_schema(responses=FindingSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_fields=[], pagination_class=None)
    def lint(self, request: Request, pk: str) -> Response:
        """What to think of before the draft is published, the gravest first."""
        found = findings_of(self.get_object(), timezone.now())
        return Response(FindingSerializer(found, many=True).data)

    def _writable(self, role: str) -> Policy:
        """The policy, if the person has the role in every group that it touches."""
        policy = self.get_object()
        groups = groups_touched([policy])
        if not (has_role_anywhere(self.user, role) and may_write_groups(self.user, role, groups)):
            raise PermissionDenied
        return policy

    @extend_schema(request=GoBackSerializer, responses={201: RevisionSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"], url_path="go-back")
    def go_back(self, request: Request, pk: str) -> Response:
        """Publish the rules of an earlier revision again, as the next revision.

        Rules that expired since, and processes that came onto Symantec's list, are left out.
        """
        policy = self._writable("approver")
        asked = GoBackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        revision = policy.revisions.filter(number=given["number"]).first()
        if revision is None:
            raise exceptions.NotFound(f"The policy has no revision {given['number']}.")

        def act() -> Response:
            try:
                published, _ = go_back(
                    actor=Actor.by_token(self.user),
                    revision=revision,
                    reason=given["reason"],
                    now=timezone.now(),
                )
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(RevisionSerializer(published).data, status=201)

        return once(request, act, dict(given))

    @extend_schema(
        responses=RevisionSerializer(many=True),
        parameters=[OpenApiParameter("at", OpenApiTypes.DATETIME, description="as of this moment")],
    )
    @action(detail=True, methods=["get"], filterset_fields=[])
    def revisions(self, request: Request, pk: str) -> Response:
        """All revisions, newest first; with `at`, the one that was the latest at that moment."""
        rows = self.get_object().revisions.all()
        if "at" in request.query_params:
            at = serializers.DateTimeField().run_validation(request.query_params["at"])
            latest = as_of(self.get_object(), at)
            rows = rows.filter(pk=latest.pk) if latest else rows.none()
        page = cast("list[Revision]", self.paginate_queryset(rows) or [])  # type: ignore[arg-type]
        return self.get_paginated_response(RevisionSerializer(page, many=True).data)

    @extend_schema(
        parameters=[TARGET, SINCE, IF_NONE_MATCH],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/zip"): OpenApiTypes.BINARY,
            304: None,
            (409, "application/problem+json"): OpenApiTypes.OBJECT,
        },
    )
    @action(detail=True, methods=["get"], filterset_fields=[])
    def export(self, request: Request, pk: str) -> HttpResponse:
        """The newest revision as the export target's file or zip, wherever the policy is in force.

        With `since`, the change of a REST target begins at that revision. Asks that the person sees
        every group that the policy is on.
        """
        policy = self.get_object()
        if not may_write_groups(self.user, "viewer", groups_touched([policy])):
            raise PermissionDenied
        target = asked_target(request)
        since = request.query_params.get("since", "").strip()
        number = serializers.IntegerField(min_value=1).run_validation(since) if since else None
        return answer(
            request,
            target,
            lambda now: state_of_policy(policy, target, number, now=now),
            lambda now: package_for_policy(policy, now=now, since=number),
        )

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=False, methods=["get"], filterset_fields=[])
    def everything(self, request: Request) -> FileResponse:
        """Every policy that the person sees whole, in every target: one zip with a manifest."""
        mine, others = exportable(self.user)
        out = TemporaryFile()  # noqa: SIM115  # the answer closes it when it is sent
        try:
            now = timezone.now()
            packages = package_per_policy(mine, now=now)
            write_everything(packages, out, others)
        except ExceptionsError as error:
            out.close()
            raise refused(error) from error
        note_fetch(
            actor=Actor.by_token(self.user),
            revisions=[one.row_id for package in packages for one in package.sets],
            target="everything",
            now=now,
        )
        out.seek(0)
        return FileResponse(out, as_attachment=True, filename=NAME, content_type="application/zip")


routes = [("policies", PolicyViewSet, "api-policy")]
