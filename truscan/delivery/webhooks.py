"""Signed webhooks: acts of the ledger told to other programs (Standard Webhooks signatures).

The ledger is the queue. Its ids are handed out under one lock that is held until commit, so "all
after the last one I saw" misses nothing and doubles nothing.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from standardwebhooks import Webhook as Signer

from truscan import audit
from truscan.delivery.outbound import OutboundError, check_address, post
from truscan.models.audit import AuditEvent
from truscan.models.webhook import Webhook, WebhookDelivery

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from truscan.access.actor import Actor

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RETRIES = (1, 5, 30, 120, 480, 1440, 1440)  # minutes; after the last one it is given up
SCAN = 1000  # ledger entries looked at per tick and webhook
BATCH = 50
# Acts that exist to be told: what they say of themselves goes out as `details`.
TOLD_IN_FULL = {"ramp.reminded"}
BATCH_SECONDS = 20


def _box() -> Fernet:
    key = hashlib.sha256(b"webhook secrets" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


@transaction.atomic
def create_webhook(*, actor: Actor, name: str, url: str, codes: list[str]) -> tuple[Webhook, str]:
    """The row and its signing secret ("whsec_…"), which is shown once.

    `codes` are beginnings of ledger codes such as "policy." or "policy.published". Raises
    OutboundError for an address that cannot be called.
    """
    check_address(url)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first()
    webhook = Webhook.objects.create(
        name=name,
        url=url,
        codes=sorted(set(codes)),
        sealed_secret=_box().encrypt(secret.encode()).decode(),
        after_event=newest or 0,
        created_by=actor.user,
    )
    audit.record("webhook.created", actor=actor, obj=webhook, after={"codes": webhook.codes})
    return webhook, secret


@transaction.atomic
def end_webhook(*, actor: Actor, webhook: Webhook, now: datetime) -> None:
    """Tell this address nothing more; what is on its way is given up."""
    if Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=now):
        webhook.deliveries.filter(sent_at=None, given_up_at=None).update(given_up_at=now)
        audit.record("webhook.ended", actor=actor, obj=webhook)


@transaction.atomic
def send_again(*, actor: Actor, delivery: WebhookDelivery, now: datetime) -> bool:
    """Send a delivery once more, whatever became of it; retries begin anew. False if it is on its
    way already or its webhook has ended.

    It keeps its id, by which a receiver sees that it is the same act.
    """
    settled = Q(sent_at__isnull=False) | Q(given_up_at__isnull=False)
    rows = WebhookDelivery.objects.filter(settled, pk=delivery.pk, webhook__ended_at=None)
    again = {"sent_at": None, "given_up_at": None, "claimed_until": None, "status": None}
    if not rows.update(due_at=now, attempts=0, last_error="", **again):
        return False
    said = {"delivery": delivery.pk, "event": delivery.event_id}
    audit.record("webhook.sent_again", actor=actor, obj=delivery.webhook, after=said)
    return True


def tell_in_full(*codes: str) -> None:
    """Called once by the app that writes these acts: what they say is meant for other programs."""
    TOLD_IN_FULL.update(codes)


def is_awaited(code: str) -> bool:
    """True if some webhook wants acts of this code."""
    wanted = Webhook.objects.filter(ended_at=None).values_list("codes", flat=True)
    return any(code.startswith(tuple(codes)) for codes in wanted)


def tick(now: datetime) -> int:
    """Queue new acts and send what is due; the number of deliveries that left."""
    for webhook in Webhook.objects.filter(ended_at=None):
        _queue(webhook, now)
    sent, started = 0, time.monotonic()
    for pk in list(_due(now).order_by("due_at", "id").values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() - started > BATCH_SECONDS:
            break
        sent += _deliver(pk, now)
    return sent


@transaction.atomic
def _queue(webhook: Webhook, now: datetime) -> None:
    row = Webhook.objects.select_for_update().get(pk=webhook.pk)
    events = AuditEvent.objects.filter(pk__gt=row.after_event).order_by("pk")
    seen = list(events.values_list("pk", "code")[:SCAN])
    if not seen:
        return
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(webhook=row, event_id=pk, due_at=now)
            for pk, code in seen
            if code.startswith(tuple(row.codes))
        ],
        ignore_conflicts=True,
    )
    row.after_event = seen[-1][0]
    row.save(update_fields=["after_event"])


def _due(now: datetime, pk: int | None = None) -> QuerySet[WebhookDelivery]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = WebhookDelivery.objects.filter(free, sent_at=None, given_up_at=None, due_at__lte=now)
    return rows if pk is None else rows.filter(pk=pk)


def _deliver(pk: int, now: datetime) -> bool:
    if not _due(now, pk).update(claimed_until=now + LEASE, attempts=F("attempts") + 1):
        return False
    delivery = WebhookDelivery.objects.select_related("webhook", "event").get(pk=pk)
    rows = WebhookDelivery.objects.filter(pk=pk)
    try:
        status = post(delivery.webhook.url, *signed(delivery, now))
    except OutboundError as error:
        log.warning("webhook delivery %s: %s", pk, error)
        again = delivery.attempts <= len(RETRIES)
        wait = timedelta(minutes=RETRIES[delivery.attempts - 1]) if again else timedelta()
        rows.update(
            claimed_until=None,
            due_at=now + wait,
            given_up_at=None if again else now,
            last_error=str(error)[:500],
        )
        return False
    rows.update(sent_at=now, claimed_until=None, status=status, last_error="")
    return True


def signed(delivery: WebhookDelivery, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers; the id stays the same over all attempts, so receivers see a repeat.

    OutboundError if the secret was sealed under another SECRET_KEY: it is lost then.
    """
    event = delivery.event
    body = audit.canonical_json(_told(event))
    try:
        secret = _box().decrypt(delivery.webhook.sealed_secret.encode()).decode()
    except InvalidToken as error:
        raise OutboundError("SECRET_KEY changed: end this webhook and make a new one.") from error
    name = f"msg_{delivery.webhook_id}_{event.pk}"
    return body.encode(), {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(msg_id=name, timestamp=now, data=body),
    }


def _told(event: AuditEvent) -> dict[str, Any]:
    """The act as data, and beside it one `text` as Slack and Teams show it."""
    data: dict[str, Any] = {
        "id": event.pk,
        "actor": event.actor_name,
        "object": {
            "type": event.object_type,
            "id": event.object_id,
            "name": event.object_name,
        },
        "reason": event.reason,
        "hash": event.hash,
    }
    text = f"{event.actor_name}: {event.code} {event.object_name}"
    if event.code in TOLD_IN_FULL and event.after:
        data["details"] = event.after
        text = str(event.after.get("text") or text)
    return {
        "type": event.code,
        "timestamp": event.at.isoformat(),
        "data": data,
        "text": _plain(text),
    }


def _plain(text: str) -> str:
    """Names in a text cannot call a whole channel or pose as a link: Slack's three escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
