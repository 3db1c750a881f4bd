"""What policy tooling is told: a publication, an expiry and drift, signed, from act to receiver."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import responses
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from exceptions_app.life import expiry
from exceptions_app.policies.publish import publish
from exceptions_app.sepm import drift
from tests.exceptions_app.acts import give
from tests.make import SYSTEM, make_process, make_user
from tests.sepm.servers import applied, run
from tests.sepm.simulated import sepm_id
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.delivery.webhooks import create_webhook, tick

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmServer
    from tests.sepm.simulated import Simulated

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/truscan"
CODES = ["policy.published", "exception.expired", "sepm.drift_found"]


def test_publication_expiry_and_drift_reach_a_receiver_that_checks_them(
    server: SepmServer, policy: Policy, sepm: Simulated, settings: Any
) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1", "hooks.example.org"]
    owner = make_user("owner", "administrator")
    webhook, secret = create_webhook(actor=Actor.on_web(owner), name="tool", url=URL, codes=CODES)
    now = timezone.now()
    brief = make_process("brief.exe", "c")
    give(brief, policy, expires_at=now + timedelta(hours=1), now=now)
    revision = publish(actor=SYSTEM, policy=policy, now=now, note="weekly")
    applied(server, policy)
    sepm.rules(sepm_id("made Sales exceptions"), "applications").clear()
    for _ in range(2):  # found twice, told once
        run(drift.make_check(actor=Actor.by_schedule(), server=server, now=now))
    later = now + timedelta(hours=2)
    assert [expiry.tick(later), expiry.tick(later)] == [1, 0]

    with responses.RequestsMock() as answers:
        answers.post(URL, status=503)
        answers.post(URL, status=204)
        answers.post(URL, status=204)
        answers.post(URL, status=204)
        tick(later)
        tick(later + timedelta(minutes=2))
        sent = [call.request for call in answers.calls]
    told: dict[str, Any] = {}
    for request in sent:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        message = json.loads(body)
        signature = Signer(secret).sign(
            msg_id=str(request.headers["webhook-id"]),
            timestamp=later + timedelta(minutes=2 if message["type"] in told else 0),
            data=body,
        )
        told[message["type"]] = message["data"]
        assert request.headers["webhook-signature"] == signature
    assert sorted(told) == sorted(CODES)
    assert told["policy.published"]["details"]["revision"] == revision.number
    assert told["policy.published"]["details"]["sha256"] == revision.sha256
    assert told["policy.published"]["object"]["name"] == policy.name
    assert told["exception.expired"]["details"]["process"] == brief.pk
    assert told["sepm.drift_found"]["details"]["differences"] == 2
    assert len(sent) == 4, "the one that was refused came again"

    log = Caller(owner).get(f"webhooks/{webhook.pk}/deliveries/").json()["results"]
    assert sorted(row["attempts"] for row in log) == [1, 1, 2]
    assert {row["status"] for row in log} == {204}
