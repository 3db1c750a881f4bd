"""One file per noun; Django finds the models through this list, code imports the noun's file."""

from __future__ import annotations

from truscan.models import (
    access,
    audit,
    counts,
    delivery,
    detection,
    estate,
    log_import,
    presence,
    process,
    ramp,
    rolled,
    webhook,
)

__all__ = [
    "access",
    "audit",
    "counts",
    "delivery",
    "detection",
    "estate",
    "log_import",
    "presence",
    "process",
    "ramp",
    "rolled",
    "webhook",
]
