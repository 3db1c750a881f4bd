"""Two neighbouring groups with one of everything in each, made by the project's own write paths."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from exceptions_app.dossier.seal import seal
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.approval_rule import ApprovalRule
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.comment import Comment, Mention
from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.models.rule import Rule
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.models.suggestion import Suggestion
from exceptions_app.models.view import InboxView
from exceptions_app.models.watch import Watch
from exceptions_app.policies.approval import ask
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import PUBLISH
from exceptions_app.sepm.setup import save_server
from exceptions_app.triage.bulk import make_job
from exceptions_app.triage.comments import add_comment
from exceptions_app.triage.decide import respond
from exceptions_app.triage.watching import observe
from tests.make import SYSTEM, make_group, make_site, make_user
from truscan.access.actor import Actor
from truscan.access.people import grant_role
from truscan.access.tokens import SCOPES, create_token
from truscan.delivery.webhooks import create_webhook
from truscan.ingest.job import accept_file, run_import
from truscan.models.access import ApiToken, RoleGrant
from truscan.models.audit import AuditEvent
from truscan.models.counts import Sighting
from truscan.models.estate import Group
from truscan.models.process import Process
from truscan.ramp.actions import end
from truscan.ramp.calendar import make_link, make_own_link
from truscan.ramp.create import create_plan

if TYPE_CHECKING:
    from truscan.models.estate import Site
    from truscan.models.log_import import LogImport
    from truscan.models.ramp import RampPlan
    from truscan.models.webhook import Webhook

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SALES, ENGINEERING = "My Company\\Sales", "My Company\\Engineering"
KINDS = ("anonymous", "outsider", "viewer", "analyst", "approver", "administrator", "owner")

LINE = (
    "Potential risk found,Computer name: {computer},Detection type: Heuristic,"
    "Application name: {name},Application type: 127,Application version: 1.0,"
    "Hash type: SHA-256,Application hash: {hash},Company name: Contoso,File size (bytes): 3507,"
    "Sensitivity: 20,Detection score: 3,COH Engine Version: ,Detection Submissions No,"
    "Permitted application reason: Not on the permitted application list,Disposition: Bad,"
    "Download site: ,Web domain: ,Downloaded by: ,Prevalence: Unknown,Confidence: Unknown,"
    "URL Tracking Status: on,Risk Level: High,Detection Source: N/A,Source: Heuristic Scan,"
    "Risk name: ,Occurrences: {occurrences},C:\\Tools\\{name},'',Actual action: Left alone,"
    "Requested action: Left alone,Secondary action: Left alone,Event time: 2026-03-01 08:01:33,"
    "Inserted: 2026-03-01 08:02:52,End: 2026-03-01 08:01:33,Domain: Default,"
    "Group: {group},Server: SEPM1,User: anna,Source computer: ,Source IP: "
)


def line(group: str, digit: str, name: str, occurrences: int = 3) -> bytes:
    """A synthetic log line; the hash repeats the digit and ends in 1."""
    computer = f"pc-{group.rpartition(chr(92))[2].lower()}"
    text = LINE.format(
        computer=computer,
        name=name,
        hash=(digit * 63 + "1").upper(),
        occurrences=occurrences,
        group=group,
    )
    return text.encode() + b"\r\n"


def read_in(name: str, content: bytes, site: Site) -> LogImport:
    (receipt,) = accept_file(
        actor=SYSTEM, name=name, stream=io.BytesIO(content), site=site, queue=False
    )
    run_import(receipt.pk, now=AT)
    receipt.refresh_from_db()
    return receipt


@dataclass
class Side:
    """What there is one of in each of the two groups."""

    group: Group
    decided: Process
    observed: Process
    waiting: Process
    log_import: LogImport
    policy: Policy
    revision: Revision
    decision: Decision
    approval: ApprovalRequest
    watch: Watch
    plan: RampPlan
    sealed: int
    calendar: str
    clerk: User
    grant: RoleGrant
    token: ApiToken

    @property
    def sighting(self) -> Sighting:
        return Sighting.objects.get(process=self.waiting, group=self.group)

    @property
    def assignment(self) -> int:
        pk: int = self.policy.assignments.get().pk
        return pk

    @property
    def exception(self) -> int:
        pk: int = self.policy.exceptions.get(process=self.decided, retired_at=None).pk
        return pk

    @property
    def sepm_job(self) -> int:
        return SepmJob.objects.get(reach=[self.group.pk]).pk

    @property
    def rule(self) -> Rule:
        return Rule.objects.get(name=f"Rule of {self.group.name}")

    @property
    def suggestion(self) -> int:
        told = {"response": "ignore", "rate": 0.97, "bound": 0.95, "answers": 60}
        pk: int = Suggestion.objects.get_or_create(process=self.waiting, defaults=told)[0].pk
        return pk

    @property
    def view(self) -> int:
        return InboxView.objects.get(reach=[self.group.pk]).pk

    @property
    def comment(self) -> int:
        return Comment.objects.get(process=self.waiting).pk

    @property
    def mention(self) -> int:
        return Mention.objects.get(comment__process=self.waiting).pk

    @property
    def bulk_job(self) -> int:
        return BulkJob.objects.get(wanted__policies=[self.policy.pk]).pk

    @property
    def sepm_policy(self) -> int:
        return SepmPolicy.objects.get(policy=self.policy).pk

    @property
    def own_calendar(self) -> str:
        """A fresh address of the clerk's calendar."""
        return make_own_link(actor=SYSTEM, user=self.clerk)


@dataclass
class World:
    mine: Side
    theirs: Side
    site: Site
    webhook: Webhook
    sepm: SepmServer
    event: AuditEvent
    today: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    people: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)

    @property
    def approval_rule(self) -> int:
        """One that holds for nothing in this world."""
        return ApprovalRule.objects.get_or_create(groups_from=10**6, defaults={"made_at": AT})[0].pk

    @property
    def delivery(self) -> int:
        """One that arrived."""
        rows = self.webhook.deliveries
        return rows.get_or_create(event=self.event, defaults={"due_at": AT, "sent_at": AT})[0].pk


def make_side(path: str, digits: str, site: Site) -> Side:
    # Decisions can be undone for thirty days and tokens expire, so this world is of today.
    now = datetime.now(UTC)
    names = [f"{word}-{digit}.exe" for word, digit in zip(("a", "b", "c"), digits, strict=True)]
    lines = [line(path, digit, name) for digit, name in zip(digits, names, strict=True)]
    receipt = read_in(f"{path.rpartition(chr(92))[2]}.log", b"".join(lines) + b"no log\r\n", site)
    decided, observed, waiting = (Process.objects.get(name=name) for name in names)
    group = Group.objects.get(path=path)
    policy = create_policy(actor=SYSTEM, name=f"{group.name} exceptions", groups=[group])
    done = respond(
        actor=SYSTEM,
        processes=[decided.pk],
        policies=[policy],
        response="ignore",
        reason="business application",
        now=now,
    )
    revision = publish(actor=SYSTEM, policy=policy, now=now)
    observe(actor=SYSTEM, processes=[observed.pk], groups=[group], reason="unknown", now=now)
    approval = ask(
        actor=SYSTEM,
        act=PUBLISH,
        subject=f"policy:{policy.pk}",
        title=f"Publish {policy}",
        policies=[policy],
        digest="0" * 64,
        now=now,
    )
    plan = create_plan(
        actor=SYSTEM,
        scan_policy=f"AV {group.name}",
        track="trojans",
        uses=[(group, None)],
        start_on=date(2026, 3, 2),
        days=90,
        now=AT,
    )
    ended = create_plan(
        actor=SYSTEM,
        scan_policy=f"AV {group.name}",
        track="keyloggers",
        uses=[(group, None)],
        start_on=date(2026, 3, 2),
        days=90,
        now=AT,
    )
    end(actor=SYSTEM, plan=ended, reason="taken over", now=AT)
    clerk = make_user(f"clerk-{group.name}".lower())
    grant = grant_role(actor=SYSTEM, user=clerk, role="viewer", group=group)
    token, _ = create_token(
        actor=SYSTEM, user=clerk, name="clerk", scopes=["read"], days=9, now=now
    )
    assert done.decision
    return Side(
        group=group,
        decided=decided,
        observed=observed,
        waiting=waiting,
        log_import=receipt,
        policy=policy,
        revision=revision,
        decision=done.decision,
        approval=approval,
        watch=Watch.objects.get(group=group),
        plan=plan,
        sealed=seal(actor=SYSTEM, plan=ended, now=now).plan_id,
        calendar=make_link(actor=SYSTEM, plan=plan),
        clerk=clerk,
        grant=grant,
        token=token,
    )


def make_world() -> World:
    """Sales is the group of all kinds of person but the owner; Engineering is out of scope."""
    site = make_site()
    make_group("My Company")
    owner = make_user("owner", "administrator")
    mine, theirs = make_side(SALES, "abc", site), make_side(ENGINEERING, "def", site)
    webhook, _ = create_webhook(
        actor=SYSTEM, name="chat", url="https://hooks.example.org/x", codes=["policy."]
    )
    sepm = save_server(
        actor=SYSTEM,
        given={"name": "SEPM", "url": "https://sepm.example.org", "username": "reader"},
        password="a word",
    )
    for side in (mine, theirs):
        SepmPolicy.objects.create(server=sepm, policy=side.policy, revision=side.revision)
        SepmJob.objects.create(
            server=sepm, kind="plan", means="web", created_at=AT, reach=[side.group.pk]
        )
        make_job(
            actor=Actor.on_web(side.clerk),
            processes=[side.waiting.pk],
            policies=[side.policy.pk],
            response="ignore",
            reason="known",
            now=AT,
        )
        add_comment(
            actor=SYSTEM, author=side.clerk, process=side.waiting, text="See @owner", now=AT
        )
        rule = Rule.objects.create(
            owner=owner,
            name=f"Rule of {side.group.name}",
            conditions={"signer": ["contoso"]},
            response="ignore",
            reason="known maker",
            review_on=date(2999, 1, 1),
            created_at=AT,
            changed_at=AT,
        )
        rule.policies.add(side.policy)
        InboxView.objects.create(
            owner=owner,
            name=f"All of {side.group.name}",
            query=urlencode({"group": side.group.path}),
            is_shared=True,
            names_group=True,
            reach=[side.group.pk],
            created_at=AT,
        )
    event = AuditEvent.objects.order_by("-id")[0]
    world = World(mine, theirs, site, webhook, sepm, event)
    for kind in KINDS[1:]:
        role = None if kind == "outsider" else kind
        user = owner if kind == "owner" else make_user(kind, role, mine.group)
        world.people[kind] = user
        client = Client()
        client.force_login(user)
        world.sessions[kind] = client.cookies[settings.SESSION_COOKIE_NAME].value
        _, world.bearers[kind] = create_token(
            actor=SYSTEM, user=user, name=kind, scopes=list(SCOPES), days=9, now=datetime.now(UTC)
        )
    return world
