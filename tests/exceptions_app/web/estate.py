"""A small estate for the pages: processes with their summaries, as an import leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.make import NOW, make_process, make_sighting, make_user
from truscan.models.counts import ProcessSummary
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

COUNTED = (
    "rows",
    "occurrences",
    "candidate_occurrences",
    "potential_occurrences",
    "security_occurrences",
    "commercial_occurrences",
)


def make_seen(
    name: str = "erpclient.exe",
    digit: str = "a",
    groups: tuple[Group, ...] = (),
    *,
    summary: dict[str, Any] | None = None,
    sighting: dict[str, Any] | None = None,
    **fields: Any,
) -> Process:
    """A process seen in these groups, with the summary row that the inbox reads."""
    fields.setdefault("company_name", "Contoso")
    process = make_process(name, digit, **fields)
    rows = [make_sighting(process, group, **(sighting or {})) for group in groups]
    told: dict[str, Any] = {c: sum(getattr(row, c) for row in rows) for c in COUNTED}
    told |= {"first_at": NOW, "last_at": NOW, "groups": len(rows), "computers": len(rows)}
    told |= {"sort_name": name.casefold(), "sort_company": process.company_name.casefold()}
    told |= {"risk_class": "possibly_legitimate", **(sighting or {}), **(summary or {})}
    for unknown in ("covered_until", "observed_until"):
        told.pop(unknown, None)
    ProcessSummary.objects.create(process=process, **told)
    return process


def sign_in(client: Client, name: str, role: str, group: Group | None = None) -> User:
    user = make_user(name, role, group)
    client.force_login(user)
    return user
