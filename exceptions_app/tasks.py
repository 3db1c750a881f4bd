"""Celery tasks: ids in, rows for state; each is safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from exceptions_app.sepm import job
from exceptions_app.triage import bulk


@shared_task(name="exceptions_app.run_sepm_job")
def run_sepm_job(job_id: int) -> None:
    """Do a job on a SEPM server, or go on with it; one that another worker has is left alone."""
    job.run_job(job_id, now=timezone.now())


@shared_task(name="exceptions_app.run_bulk_job")
def run_bulk_job(job_id: int) -> None:
    """Write a bulk decision, or go on with it; one that another worker has is left alone."""
    bulk.run_job(job_id)
