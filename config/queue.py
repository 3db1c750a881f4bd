"""Celery's settings: one static schedule, JSON only, late acknowledgement.

Redis delivers a task again after `visibility_timeout`; every task here is idempotent and far
shorter, and what a killed worker left is resumed by the tick (imports after a 60 s lease).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

broker_url = settings.BROKER_URL
broker_connection_retry_on_startup = True
task_always_eager = not settings.HAS_BROKER
task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
task_acks_late = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
timezone = "UTC"
enable_utc = True
beat_schedule: dict[str, dict[str, Any]] = {
    "tick": {"task": "truscan.tick", "schedule": 20.0, "options": {"expires": 60}},
}
