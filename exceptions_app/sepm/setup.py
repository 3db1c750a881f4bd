"""The one write path of servers: where they are, how they prove themselves, the account."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from exceptions_app.errors import BadValue
from exceptions_app.models.sepm import SepmServer
from exceptions_app.sepm.client import Access
from exceptions_app.sepm.errors import SignInRefused
from truscan import audit
from truscan.access.sealing import SealBroken, seal, unseal
from truscan.delivery.trust import Kind, Trust, clean_fingerprint
from truscan.fleet.names import DEMO_DOMAIN
from truscan.models.estate import Domain

if TYPE_CHECKING:
    from truscan.access.actor import Actor

PURPOSE = "SEPM account"
MOST_HOURS = 24 * 30
# What the password is sealed for: a change of any of it asks for the password again, so that
# nobody can send a stored one to a server of his own.
BOUND = ("url", "username", "sepm_domain", "trust_kind", "ca_pem", "fingerprint")


def save_server(
    *, actor: Actor, given: dict[str, Any], password: str = "", server: SepmServer | None = None
) -> SepmServer:
    """A new server, or this one with other values; `given` has the model's fields by name, with
    `domain` as the name of the domain in the logs.

    BadValue says what to write instead; an empty password keeps the stored one as long as address,
    account and trust stay as they are.
    """
    facts = _checked(given)
    before = None if server is None else _told(server)
    row = server or SepmServer(created_by=actor.user)
    moved = server is None or any(getattr(server, name) != facts[name] for name in BOUND)
    if moved and not password:
        raise BadValue("Give the password: it is kept for one address, account and trust only.")
    try:
        with transaction.atomic():
            name = facts.pop("domain")
            domain, _ = Domain.objects.get_or_create(
                name_key=name.casefold(), defaults={"name": name}
            )
            for key, value in facts.items():
                setattr(row, key, value)
            row.domain = domain
            if password:
                row.sealed = _sealed(row, password)
            row.save()
            code = "sepm.server_added" if server is None else "sepm.server_changed"
            after = {**_told(row), "password": "given" if password else "kept"}
            audit.record(code, actor=actor, obj=row, before=before, after=after)
    except IntegrityError as error:
        raise BadValue(
            f"There is a server named {row.name} already: choose another name."
        ) from error
    return row


@transaction.atomic
def switch_server(*, actor: Actor, server: SepmServer, is_on: bool) -> SepmServer:
    """Off: nothing calls it, and its jobs wait."""
    if SepmServer.objects.filter(pk=server.pk).exclude(is_on=is_on).update(is_on=is_on):
        code = "sepm.server_on" if is_on else "sepm.server_off"
        audit.record(code, actor=actor, obj=server)
    server.is_on = is_on
    return server


def trust_of(server: SepmServer) -> Trust:
    return Trust(server.trust_kind, server.ca_pem, server.fingerprint)


def access_of(server: SepmServer) -> Access:
    """SignInRefused when the stored password cannot be opened for what the row says now."""
    try:
        opened = json.loads(unseal(server.sealed, purpose=PURPOSE))
    except SealBroken as error:
        raise SignInRefused("SECRET_KEY changed: give the password of the server again.") from error
    if opened["for"] != _binding(server):
        raise SignInRefused("Address or account changed beside this program: give the password.")
    return Access(
        f"{server.url}/sepm/api",
        server.username,
        opened["password"],
        server.sepm_domain,
        trust_of(server),
    )


def _sealed(server: SepmServer, password: str) -> str:
    text = json.dumps({"password": password, "for": _binding(server)})
    return seal(text, purpose=PURPOSE)


def _binding(server: SepmServer) -> str:
    told = audit.canonical_json([getattr(server, name) for name in BOUND])
    return hashlib.sha256(told.encode()).hexdigest()


def _told(server: SepmServer) -> dict[str, Any]:
    """For the ledger: everything but the password."""
    shown = ("name", "url", "username", "sepm_domain", "interface", "trust_kind", "fingerprint")
    facts: dict[str, Any] = {name: getattr(server, name) for name in shown}
    digest = hashlib.sha256(server.ca_pem.encode()).hexdigest() if server.ca_pem else ""
    return facts | {"ca_pem_sha256": digest, "drift_hours": server.drift_hours}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "name": given["name"].strip(),
        "url": _address(given["url"]),
        "username": given["username"].strip(),
        "sepm_domain": given.get("sepm_domain", "").strip(),
        "domain": given.get("domain", "").strip() or "Default",
        "interface": int(given.get("interface") or 2),
        "trust_kind": given.get("trust_kind") or Kind.SYSTEM,
        "ca_pem": "",
        "fingerprint": "",
        "drift_hours": given.get("drift_hours"),
    }
    if not facts["name"] or not facts["username"]:
        raise BadValue("Give the server a name, and the account to sign in with.")
    if facts["trust_kind"] not in Kind.values or facts["interface"] not in (1, 2):
        raise BadValue("Choose how the server proves itself, and the version of its interface.")
    if facts["domain"].casefold() == DEMO_DOMAIN.casefold():
        raise BadValue("The groups of the demo are synthetic: no SEPM server holds them.")
    hours = facts["drift_hours"]
    if hours is not None and not 1 <= hours <= MOST_HOURS:
        raise BadValue(f"Look for drift every 1 to {MOST_HOURS} hours, or leave it empty.")
    try:
        if facts["trust_kind"] == Kind.CA:
            facts["ca_pem"] = given.get("ca_pem", "").strip()
            Trust(Kind.CA, ca_pem=facts["ca_pem"]).context()
        elif facts["trust_kind"] == Kind.PIN:
            facts["fingerprint"] = clean_fingerprint(given.get("fingerprint", ""))
    except ValueError as error:
        raise BadValue(str(error)) from error
    return facts


def _address(text: str) -> str:
    """ "https://host:port" and nothing more; the port is SEPM's own unless one is given."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or 8446
    except ValueError:
        host, port = None, 0
    plain = not any((parts.path.strip("/"), parts.query, parts.fragment)) if host else False
    if not host or parts.scheme != "https" or "@" in text or not plain or not host.isprintable():
        raise BadValue("Write the address as https://host:8446, without path and password.")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
