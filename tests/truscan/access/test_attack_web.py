"""What an attacker's browser, token or log line tries on pages and API, and what must hold."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.make import SYSTEM, make_group, make_process, make_sighting, make_site, make_user
from truscan import audit
from truscan.access.sites import SiteError, edit_site
from truscan.access.tokens import SCOPES, create_token
from truscan.delivery.outbound import OutboundError, check_address, post
from truscan.ingest.errors import BadReading
from truscan.ingest.mappings import check_reading
from truscan.models.access import IdempotencyKey
from truscan.models.audit import AuditEvent
from truscan.models.counts import ProcessSummary
from truscan.web.rejects import safe_cell

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db

EVIL = "\"'><script>alert(1)</script>\u202egnp.exe"


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def owner() -> User:
    return make_user("owner", "administrator")


@pytest.fixture
def client(owner: User) -> Client:
    client = Client(enforce_csrf_checks=False)
    client.force_login(owner)
    return client


def bearer(user: User, *scopes: str) -> dict[str, Any]:
    _, text = create_token(
        actor=SYSTEM,
        user=user,
        name="x",
        scopes=list(scopes or SCOPES),
        days=1,
        now=timezone.now(),
    )
    return {"Authorization": f"Bearer {text}"}


def test_every_answer_carries_the_policy_that_forbids_inline_scripts(client: Client) -> None:
    client.raise_request_exception = False
    for address in ("/", "/nowhere/", "/tokens/", "/healthz", "/api/v1/groups/", "/api/v1/schema/"):
        for asker in (client, Client()):
            policy = asker.get(address)["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert "form-action 'self'" in policy
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_form_of_another_origin_is_refused(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    r = client.post(reverse("token-list"), {"name": "x", "days": 1, "scopes": ["admin"]})
    assert r.status_code == 403
    assert "default-src 'none'" in r["Content-Security-Policy"]
    assert not owner.api_tokens.exists()


def test_a_session_is_no_token_and_a_token_is_no_session(client: Client, owner: User) -> None:
    assert client.get(reverse("api-group-list")).status_code == 401
    assert Client().get(reverse("token-list"), headers=bearer(owner)).status_code == 302


def test_signing_in_makes_a_new_session_and_leads_nowhere_else(owner: User) -> None:
    client = Client()
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key or ""
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        r = client.post(
            reverse("account_login"),
            {"login": "owner", "password": "a long enough password", "next": target},
        )
        assert r.status_code == 302
        assert r["Location"] == "/"
        assert client.session.session_key != session.session_key
        client.logout()


def test_guessing_a_password_is_slowed_down(owner: User) -> None:
    client = Client()
    told = {"login": "owner", "password": "wrong password"}
    for _ in range(12):
        r = client.post(reverse("account_login"), told)
    right = {"login": "owner", "password": "a long enough password"}
    r = client.post(reverse("account_login"), right)
    assert r.status_code in {200, 429}
    assert "_auth_user_id" not in client.session


def test_the_way_back_after_an_act_stays_here(client: Client) -> None:
    group = make_group("My Company")
    process = make_process()
    make_sighting(process, group)
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        query = f"?process={process.pk}&next={target}"
        page = client.get(reverse("process-decide") + query).text
        assert "evil.example" not in page.replace(html.escape(query), "")
        assert "javascript:1" not in page


def test_what_a_log_calls_itself_is_never_markup(client: Client) -> None:
    group = make_group("My Company")
    process = make_process(
        EVIL, application_name=EVIL, company_name=EVIL, signer=EVIL, generic_path=f"C:\\{EVIL}"
    )
    make_sighting(process, group)
    ProcessSummary.objects.create(
        process=process,
        rows=5,
        occurrences=5,
        candidate_occurrences=5,
        potential_occurrences=5,
        first_at=timezone.now(),
        last_at=timezone.now(),
        application_type=EVIL,
    )
    evil_group = make_group(f"My Company\\{EVIL}")
    make_sighting(process, evil_group)
    for address in (
        reverse("inbox"),
        reverse("process", args=[process.pk]),
        reverse("process-evidence", args=[process.pk]),
        reverse("process-decide") + f"?process={process.pk}",
        reverse("group-list"),
        reverse("group", args=[evil_group.pk]),
        reverse("inbox-groups") + "?group=my",
        reverse("inbox") + "?q=" + EVIL,
        reverse("detection-list") + f"?process={process.pk}&user={EVIL}",
        reverse("ledger") + "?actor=" + EVIL,
    ):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "\"'>" not in page


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\n=1", "＝1"])
def test_no_cell_of_rejects_is_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("encoding", ["zip", "base64", "rot13", "idna", "undefined", "a\0b"])
def test_only_text_encodings_are_accepted(encoding: str) -> None:
    with pytest.raises(BadReading):
        check_reading("UTC", encoding, None)
    with pytest.raises(SiteError):
        edit_site(actor=SYSTEM, site=make_site(), timezone="UTC", encoding=encoding)


PRIVATE = (
    "127.0.0.1 localhost 2130706433 0x7f.1 017700000001 0.0.0.0 10.0.0.1 172.16.0.1 192.168.0.1"
    " 169.254.169.254 [::1] [::] [::ffff:127.0.0.1] [fe80::1] [fc00::1]"
)


@pytest.mark.parametrize("host", PRIVATE.split())
def test_no_private_address_is_called(host: str) -> None:
    with pytest.raises(OutboundError):
        post(f"http://{host}:9/", b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/x",
        "gopher://x/",
        "http://u:p@x/",
        "http://:p@x/",
        "http://x\\@y/",
        "//x",
        "",
    ],
)
def test_no_odd_address_is_accepted(url: str) -> None:
    with pytest.raises(OutboundError):
        check_address(url)


def test_webhooks_are_for_administrators_of_the_whole_estate() -> None:
    make_user("owner", "administrator")
    chief = make_user("chief", "administrator", make_group("My Company"))
    wanted = {"name": "x", "url": "https://hooks.example.org/", "codes": ["policy."]}
    r = Client().post(
        reverse("api-webhook-list"),
        wanted,
        content_type="application/json",
        headers=bearer(chief),
    )
    assert r.status_code == 404


def test_the_ledger_is_for_the_whole_estate_and_unchangeable(owner: User) -> None:
    group = make_group("My Company")
    chief = make_user("chief", "administrator", group)
    client = Client()
    client.force_login(chief)
    assert client.get(reverse("ledger")).status_code == 404
    assert Client().get(reverse("api-audit-list"), headers=bearer(chief)).status_code == 404
    for method in ("post", "put", "patch", "delete"):
        r = getattr(Client(), method)(reverse("api-audit-list"), headers=bearer(owner))
        assert r.status_code == 405


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE truscan_auditevent SET reason = 'other' WHERE id = %s",
        "UPDATE truscan_auditevent SET actor_name = 'other' WHERE id = %s",
        "UPDATE truscan_auditevent SET canonical = replace(canonical, 'x', 'y') WHERE id = %s",
        "DELETE FROM truscan_auditevent WHERE id = %s",
    ],
)
def test_a_changed_ledger_is_found(change: str) -> None:
    for _ in range(3):
        audit.record("group.clients_set", actor=SYSTEM, object_name="x", reason="x")
    ids = list(AuditEvent.objects.order_by("id").values_list("pk", flat=True))
    head = audit.head()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE truscan_auditevent DISABLE TRIGGER USER")
        cursor.execute(change, [ids[1]])
    assert audit.verify()[2]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM truscan_auditevent WHERE id >= %s", [ids[1]])
    assert not audit.verify()[2]
    assert audit.verify(head)[2]


def test_an_idempotency_key_is_of_one_person(owner: User) -> None:
    second = make_user("second", "administrator")
    answers = []
    for user in (owner, second, owner):
        headers = bearer(user) | {"Idempotency-Key": "one"}
        r = Client().post(
            reverse("api-policy-list"),
            {"name": f"of {user.username}"},
            content_type="application/json",
            headers=headers,
        )
        answers.append((r.json()["name"], r.headers.get("Idempotent-Replay")))
    assert answers == [("of owner", None), ("of second", None), ("of owner", "true")]
    assert IdempotencyKey.objects.count() == 2


ODD = [
    "api-group-list ?cursor=" + base64.b64encode(b"p=x").decode(),
    "api-group-list ?cursor=" + base64.b64encode(b"p=%00").decode(),
    "api-group-list ?cursor=" + base64.b64encode(b"p=" + b"9" * 40).decode(),
    "api-group-list ?cursor=%00&page_size=-1",
    "api-detection-list ?cursor=" + base64.b64encode(b"p=yesterday").decode(),
    "api-detection-list ?cursor=" + base64.b64encode(b"p=0001-01-01T00:00:00+14:00").decode(),
    "api-detection-list ?process=1e40&group=" + "9" * 40,
    "api-detection-list ?since=0001-01-01T00:00:00%2B14:00",
    "api-process-list ?q=%00&hash=%00&name=" + "a" * 10_000,
    "api-process-list ?group=%00&since=change&level=10",
    "api-import-list ?state=%00&site__name=%00",
    "api-audit-list ?actor=%00&before_id=" + "9" * 40,
    "api-audit-list ?actor=" + "%25" * 3000,
    "ledger ?actor=%00&before_id=1e40",
]


@pytest.mark.parametrize("address", ODD)
def test_odd_addresses_are_answered(client: Client, owner: User, address: str) -> None:
    name, _, query = address.partition(" ")
    make_group("My Company")
    headers = bearer(owner) if name.startswith("api") else {}
    assert client.get(reverse(name) + query, headers=headers).status_code in {200, 400, 404}


BODIES = [
    "[" * 100_000,
    '{"processes": [1e400], "policies": [1], "response": "ignore", "reason": "x"}',
    '{"processes": [' + "9" * 40 + '], "policies": [' + "9" * 40 + '], "response": "ignore",'
    ' "reason": "x"}',
    '{"processes": [1], "policies": [1], "response": "ignore", "reason": "\\u0000"}',
    '{"processes": [1], "policies": [1], "response": "ignore", "reason": "\\ud800"}',
    '{"processes": [' + ",".join(map(str, range(100_000))) + '], "policies": [1],'
    ' "response": "ignore", "reason": "x"}',
    "\0",
    "NaN",
    "[]",
    '"x"',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_odd_bodies_are_answered(owner: User, body: str) -> None:
    r = Client().post(
        reverse("api-decision-list"), body, content_type="application/json", headers=bearer(owner)
    )
    assert r.status_code in {400, 404}
