from __future__ import annotations

from datetime import timedelta

import pytest
import requests
import responses
from django.test import Client
from standardwebhooks import Webhook as Signer

from tests.make import NOW, SYSTEM, make_site, make_user
from truscan import audit
from truscan.delivery.outbound import OutboundError, post
from truscan.delivery.webhooks import (
    RETRIES,
    create_webhook,
    end_webhook,
    send_again,
    signed,
    tick,
)
from truscan.models.audit import AuditEvent
from truscan.models.webhook import Webhook, WebhookDelivery

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/truscan"


@pytest.fixture(autouse=True)
def allowed(settings: object) -> None:
    """The answering double takes the place of the network, so the name is not resolved."""
    settings.OUTBOUND_PRIVATE_HOSTS = ["hooks.example.org"]  # type: ignore[attr-defined]


def make_webhook() -> tuple[Webhook, str]:
    return create_webhook(actor=SYSTEM, name="chat", url=URL, codes=["policy."])


def happen(code: str) -> None:
    audit.record(code, actor=SYSTEM, obj=make_site(), reason="why not")


@responses.activate
def test_it_works() -> None:
    webhook, _ = make_webhook()
    happen("policy.published")
    happen("person.created")
    responses.post(URL, status=204)
    assert tick(NOW) == 1
    call = responses.calls[0].request
    assert b'"type":"policy.published"' in bytes(call.body)  # type: ignore[arg-type]
    delivery = WebhookDelivery.objects.get(webhook=webhook)
    assert delivery.status == 204
    assert tick(NOW) == 0
    assert len(responses.calls) == 1


def test_the_signature_holds_for_the_body_only() -> None:
    webhook, secret = make_webhook()
    happen("policy.published")
    delivery = WebhookDelivery(webhook=webhook, event=AuditEvent.objects.latest("id"))
    body, headers = signed(delivery, NOW)
    name, at = headers["webhook-id"], headers["webhook-signature"]
    assert Signer(secret).sign(msg_id=name, timestamp=NOW, data=body.decode()) == at
    assert Signer(secret).sign(msg_id=name, timestamp=NOW, data=body.decode() + " ") != at


def test_acts_before_it_was_made_are_not_told() -> None:
    happen("policy.published")
    make_webhook()
    tick(NOW)
    assert not WebhookDelivery.objects.exists()


@responses.activate
def test_a_dead_address_is_asked_later_and_then_given_up() -> None:
    make_webhook()
    happen("policy.published")
    responses.post(URL, body=requests.ConnectionError("secret text"))
    now = NOW
    tick(now)
    delivery = WebhookDelivery.objects.get()
    assert delivery.due_at == now + timedelta(minutes=1)
    assert "secret text" not in delivery.last_error
    for minutes in RETRIES:
        assert delivery.given_up_at is None
        now += timedelta(minutes=minutes)
        tick(now)
        delivery.refresh_from_db()
    assert delivery.given_up_at == now
    assert delivery.attempts == len(RETRIES) + 1


@responses.activate
def test_a_delivery_is_sent_again_under_its_own_id() -> None:
    webhook, _ = make_webhook()
    happen("policy.published")
    responses.post(URL, status=204)
    tick(NOW)
    delivery = WebhookDelivery.objects.get()
    later = NOW + timedelta(days=2)
    assert send_again(actor=SYSTEM, delivery=delivery, now=later)
    assert not send_again(actor=SYSTEM, delivery=delivery, now=later), "on its way already"
    assert tick(later) == 1
    first, second = (call.request.headers for call in responses.calls)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert AuditEvent.objects.latest("id").code == "webhook.sent_again"
    end_webhook(actor=SYSTEM, webhook=webhook, now=later)
    assert not send_again(actor=SYSTEM, delivery=delivery, now=later)


@responses.activate
def test_a_redirect_is_not_followed() -> None:
    responses.post(URL, status=302, headers={"Location": "http://169.254.169.254/"})
    with pytest.raises(OutboundError, match="302"):
        post(URL, b"", {})
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest",
        "http://[::1]:1/",
        "http://10.0.0.1:1/",
    ],
)
def test_private_addresses_are_refused(url: str, settings: object) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []  # type: ignore[attr-defined]
    with pytest.raises(OutboundError):
        post(url, b"", {})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://u:p@example.org/", "nonsense"])
def test_addresses_that_cannot_be_called_are_refused_at_once(url: str) -> None:
    with pytest.raises(OutboundError):
        create_webhook(actor=SYSTEM, name="x", url=url, codes=["policy."])


def test_the_secret_is_sealed_and_an_ended_one_is_quiet() -> None:
    webhook, secret = make_webhook()
    assert secret not in webhook.sealed_secret
    end_webhook(actor=SYSTEM, webhook=webhook, now=NOW)
    happen("policy.published")
    tick(NOW)
    assert not WebhookDelivery.objects.exists()


def test_the_page_tells_what_became_of_deliveries_and_sends_one_again() -> None:
    webhook, _ = make_webhook()
    happen("policy.published")
    event = AuditEvent.objects.get(code="policy.published")
    row = WebhookDelivery.objects.create(
        webhook=webhook, event=event, due_at=NOW, given_up_at=NOW, last_error="<b>refused</b>"
    )
    client = Client()
    client.force_login(make_user("owner", "administrator"))
    page = client.get("/webhooks/").content.decode()
    assert "&lt;b&gt;refused&lt;/b&gt;" in page
    assert webhook.sealed_secret not in page
    assert "Nothing was told yet." in client.get("/webhooks/?webhook=999").content.decode()
    address = f"/webhooks/{webhook.pk}/deliveries/{row.pk}/replay/"
    assert "goes out again" in client.post(address, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.given_up_at, row.attempts) == (None, 0)
    assert "on its way already" in client.post(address, follow=True).content.decode()
    assert client.post(f"/webhooks/{webhook.pk + 1}/deliveries/{row.pk}/replay/").status_code == 404
