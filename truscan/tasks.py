"""Celery tasks: ids in, rows for state; each is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from truscan.ingest import job, presence_bits
from truscan.ingest import roll_up as rolling
from truscan.ticking import tick_once


@shared_task(name="truscan.tick")
def tick() -> None:
    """The short beat: everything due by now, each part guarded by its own advisory lock."""
    tick_once(timezone.now())


@shared_task(name="truscan.run_import")
def run_import(import_id: int) -> None:
    """Read an import on; one that another worker reads, or that is done, is left alone."""
    job.run_import(import_id, now=timezone.now())


@shared_task(name="truscan.roll_up")
def roll_up() -> None:
    """Roll the daily counts of a month up; if another worker does, this one does nothing."""
    rolling.roll_next(timezone.now())


@shared_task(name="truscan.roll_presence")
def roll_presence() -> None:
    """Roll presence up; if another worker does, this one does nothing."""
    presence_bits.roll_next(timezone.now())
