"""Whether this process lives (`/healthz`) and whether the whole can do its work (`/readyz`).

Both answer without a sign-in, so they name parts and ages, never addresses or error texts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from truscan.models.delivery import Heartbeat

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.urls import URLPattern

    Check = dict[str, Any]

# The beat fires every 20 s; a worker busy with a long import may let a few of them lapse.
LONGEST_SILENCE = timedelta(minutes=3)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    checks = {"broker": check_broker()}
    try:
        checks["database"] = check_database()
        checks["migrations"] = check_migrations()
        checks["beat"] = check_beat(timezone.now())
    except DatabaseError as e:
        checks["database"] = {"ok": False, "error": type(e).__name__}
    is_ready = all(check["ok"] for check in checks.values())
    words = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(words, status=200 if is_ready else 503)


def check_database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def check_migrations() -> Check:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return {"ok": not waiting, "waiting": len(waiting)}


def check_beat(now: datetime) -> Check:
    """The tick goes from beat through the broker to a worker, so its age covers all three."""
    newest = Heartbeat.objects.filter(name="tick").values_list("at", flat=True).first()
    if newest is None:
        return {"ok": False, "age_seconds": None}
    return {
        "ok": now - newest < LONGEST_SILENCE,
        "age_seconds": int((now - newest).total_seconds()),
    }


def check_broker() -> Check:
    if not settings.HAS_BROKER:
        return {"ok": True, "inline": True}
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except (redis.RedisError, OSError) as e:
        return {"ok": False, "error": type(e).__name__}
    return {"ok": True}


urlpatterns: list[URLPattern] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
