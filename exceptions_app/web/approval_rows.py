"""What a request to decide would do, as far as the reader sees the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.models.watch import more
from exceptions_app.policies.approval import why_stale
from exceptions_app.replay.run import replay_decision
from exceptions_app.triage.bulk_parts import day_of, moment_of
from exceptions_app.triage.inbox_page import of_ids
from exceptions_app.triage.preview import preview
from exceptions_app.triage.respond_request import RESPOND
from exceptions_app.web.replay_rows import seen_groups, shown
from exceptions_app.web.skips import counted_words

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.approval import ApprovalRequest

SHOWN = 50
# Beyond that the page would be slow; the policy's own replay has no such limit.
REPLAYED_MAX = 500


def decide_state(row: ApprovalRequest, user: User, now: datetime) -> dict[str, Any]:
    """The act, the processes (those that need two first), and, while it waits, what it would do."""
    asked = row.asked
    needing = set(asked["needing"])
    first = sorted(asked["processes"], key=lambda pk: (pk not in needing, pk))[:SHOWN]
    told = {summary.pk: summary for summary in of_ids(user, first)}
    ctx: dict[str, Any] = {
        "decide": {
            "response": asked["response"],
            "review_on": day_of(asked.get("review_on")),
            "expires_at": moment_of(asked.get("expires_at")),
            "until": moment_of(asked.get("until")),
            "tripwires": [more(word, n) for word, n in (asked.get("tripwires") or {}).items()],
            "removed": len(asked["standing"]["exceptions"]),
            "groups": list(row.groups.all()[:SHOWN]),
            "total": len(asked["processes"]),
            "rows": [(told[pk], pk in needing) for pk in first if pk in told],
        }
    }
    if row.is_open:
        ctx["stale"] = why_stale(row, now)
    if row.is_open and row.act == RESPOND:
        seen = preview(
            processes=asked["processes"],
            policies=list(row.policies.all()),
            response=asked["response"],
            now=now,
        )
        ctx |= {"preview": seen, "left": counted_words(seen.counts)}
        if len(asked["processes"]) <= REPLAYED_MAX:
            done = replay_decision(
                asked["processes"],
                [policy.pk for policy in row.policies.all()],
                asked["response"],
                now=now,
                groups=seen_groups(user),
            )
            ctx |= shown(done)
    return ctx
