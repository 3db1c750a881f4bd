"""One file per noun; Django finds the models through this list, code imports the noun's file."""

from __future__ import annotations

from exceptions_app.models import (
    approval,
    approval_rule,
    arrival,
    bulk,
    claim,
    comment,
    decision,
    dossier,
    exception,
    export_record,
    foreign,
    lint,
    placement,
    policy,
    renewal,
    rule,
    sepm,
    suggestion,
    view,
    watch,
)

__all__ = [
    "approval",
    "approval_rule",
    "arrival",
    "bulk",
    "claim",
    "comment",
    "decision",
    "dossier",
    "exception",
    "export_record",
    "foreign",
    "lint",
    "placement",
    "policy",
    "renewal",
    "rule",
    "sepm",
    "suggestion",
    "view",
    "watch",
]
