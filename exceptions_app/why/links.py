"""The links of the chain, each from the rows that prove it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exceptions_app.arrival.serial import arrival
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.arrival import ClientSerial, GroupSerial
from exceptions_app.models.decision import DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.export_record import ExportRecord
from exceptions_app.models.sepm import SepmPolicy
from exceptions_app.policies.publish_request import PUBLISH
from truscan.models.counts import Sighting
from truscan.models.estate import Group

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy, Revision
    from exceptions_app.policies.effective import InForce
    from exceptions_app.why.chain import Rule
    from truscan.models.process import Process

KNOWN, NONE, NOT_KNOWN = "known", "none", "not known"
FETCHES = 20


@dataclass(frozen=True, slots=True)
class Link:
    """`state`: known, none (it is known that there is none), or not known (nobody told).

    `facts` are for machines; `rows` are lines for people below `text`.
    """

    name: str
    state: str
    text: str
    at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        return self.state == KNOWN

    def as_json(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).isoformat() if self.at else None
        return {"link": self.name, "state": self.state, "text": self.text, "at": at, **self.facts}


def detection(process: Process, group: Group) -> Link:
    row = Sighting.objects.filter(process=process, group=group).first()
    if row is None:
        return Link("detection", NONE, "No log that was read tells of it in this group.")
    times = "once" if row.occurrences == 1 else f"{row.occurrences:,} times"
    text = f"Detected {times} in this group, first {_time(row.first_at)}."
    facts = {"occurrences": row.occurrences, "first_at": _iso(row.first_at)}
    return Link("detection", KNOWN, text, row.last_at, facts)


def decision(process: Process, policy: Policy | None, rule: Rule | None) -> Link:
    """The decision behind the published rule; without a rule, one that waits in the draft."""
    rows = ProcessException.objects.filter(policy=policy)
    if rule is None:
        row = rows.filter(process=process, retired_at=None).first() if policy else None
        waits = " It waits in the draft: publish it."
    else:
        made = datetime.fromisoformat(rule.facts["decided_at"])
        row = rows.filter(
            process=rule.process_id, response=rule.facts["response"], created_at=made
        ).first()
        waits = ""
        if row is not None and row.retired_at is not None:
            waits = " It was taken out of the draft since: publish to end it."
    if row is None:
        if rule is not None:
            text = f"{rule.facts['author']} decided it; the decision itself is not kept any more."
            return Link("decision", NOT_KNOWN, text)
        return Link("decision", NONE, "Nobody decided it for the policy of this place.")
    item = (
        DecisionItem.objects.filter(after=row, skipped_because="")
        .select_related("decision")
        .order_by("pk")
        .first()
    )
    linked = " For the same file under another hash." if rule and rule.is_linked else ""
    said = f"{row.get_response_display()} by {row.author_name}: {row.reason}{linked}{waits}"
    facts = {
        "decision": item.decision_id if item else None,
        "response": row.response,
        "author": row.author_name,
        "reason": row.reason,
        "in_draft": row.retired_at is None,
    }
    return Link("decision", KNOWN, said, row.created_at, facts)


def approval(policy: Policy | None, revision: Revision | None, rule: Rule | None) -> Link:
    """The second person, if one was asked to publish this revision."""
    if policy is None or revision is None or rule is None:
        return Link("approval", NONE, "Nothing was published, so nothing was approved.")
    row = ApprovalRequest.objects.filter(
        act=PUBLISH, policies=policy, state="approved", result__revision=revision.number
    ).first()
    if row is None:
        return Link(
            "approval", NONE, f"No second person was asked: {revision.actor_name} published it."
        )
    text = f"{row.settled_by_name} approved what {row.requester_name} asked for."
    facts = {"approval": row.pk, "asked_by": row.requester_name, "by": row.settled_by_name}
    return Link("approval", KNOWN, text, row.settled_at, facts)


def revision(
    here: InForce, policy: Policy | None, newest: Revision | None, rule: Rule | None
) -> Link:
    if policy is None:
        return Link("revision", NOT_KNOWN, "Which policy this place has is not known.")
    owner = Group.objects.get(pk=here.from_group_id or 0)
    whence = f"inherited from {owner}" if here.inherited else f"assigned to {owner}"
    if newest is None:
        return Link("revision", NONE, f"{policy}, {whence}, was never published.")
    said = f"Revision {newest.number} of {policy}, {whence}"
    facts = {
        "policy": policy.name,
        "revision": newest.number,
        "sha256": newest.sha256,
        "owner_group": owner.path,
        "inherited": here.inherited,
    }
    if rule is None:
        return Link("revision", NONE, f"{said}, has no rule for it.", newest.published_at, facts)
    if rule.has_expired:
        text = f"{said}, had a rule that expired on {rule.facts['expires_at'][:10]}."
        return Link("revision", NONE, text, newest.published_at, facts)
    return Link("revision", KNOWN, f"{said}.", newest.published_at, facts)


def export(newest: Revision | None) -> Link:
    """Who fetched the newest revision, and on which servers it was applied by us."""
    if newest is None:
        return Link("export", NONE, "There is no revision to fetch.")
    records = list(ExportRecord.objects.filter(revision=newest)[:FETCHES])
    applied = list(
        SepmPolicy.objects.filter(revision=newest, applied_at__isnull=False).select_related(
            "server"
        )
    )
    rows = [f"applied to {one.server} {_time(one.applied_at)}" for one in applied]
    rows += [
        f"{one.fetcher_name} fetched {one.target}, {one.count:,} in all, last {_time(one.last_at)}"
        for one in records
    ]
    facts = {
        "fetches": [
            {"by": one.fetcher_name, "means": one.means, "target": one.target, "count": one.count,
             "first_at": _iso(one.first_at), "last_at": _iso(one.last_at)}
            for one in records
        ],
        "applied": [{"server": one.server.name, "at": _iso(one.applied_at)} for one in applied],
    }  # fmt: skip
    if not rows:
        text = f"Nobody has fetched revision {newest.number} yet: clients cannot have it from here."
        return Link("export", NONE, text, None, facts)
    last = max(at for at in [*(r.last_at for r in records), *(a.applied_at for a in applied)] if at)
    return Link("export", KNOWN, f"Revision {newest.number} left this program.", last, facts, rows)


def client(group: Group, newest: Revision | None, now: datetime) -> Link:
    """Serials prove that a client has its group's newest policy, not what is in that policy."""
    serial = GroupSerial.objects.filter(group=group).first()
    clients = ClientSerial.objects.filter(group=group).values_list("serial", "checked_in_at")
    if serial is None:
        return Link(
            "client", NOT_KNOWN, "No policy serial of this group was read: not known what runs."
        )
    counts = Counter(
        str(arrival(one, serial.serial, heard, now)) for one, heard in clients.iterator()
    )
    facts: dict[str, Any] = {"group_serial": serial.serial, "clients": dict(sorted(counts.items()))}
    if newest is None or serial.serial_at is None:
        text = f"The group hands out {serial.serial}; whether it holds this is not known."
        return Link("client", NOT_KNOWN, text, serial.read_at, facts)
    if serial.serial_at < newest.published_at:
        text = f"The group hands out {serial.serial}, made before revision {newest.number}."
        return Link("client", NONE, text, serial.read_at, facts)
    total = sum(counts.values())
    has = f"{counts['current']:,} of {total:,} known clients run it" if total else "no client told"
    text = f"The group hands out {serial.serial}, made after revision {newest.number}; {has}."
    rows = [f"{n:,} {state}" for state, n in sorted(counts.items())]
    state = KNOWN if counts["current"] else NOT_KNOWN
    return Link("client", state, text, serial.read_at, facts, rows)


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "at a time not known"


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
