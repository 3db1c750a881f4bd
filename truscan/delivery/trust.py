"""Whom a TLS server must prove to be: known to the machine's authorities, to an authority of its
own, or the holder of one certificate."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter_adapter import IPFilterAdapter

if TYPE_CHECKING:
    import requests

_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")


class Kind(models.TextChoices):
    SYSTEM = "system", "The certificate authorities of this machine"
    CA = "ca", "An authority of our own (PEM)"
    PIN = "pin", "This one certificate (SHA-256 fingerprint)"


@dataclass(frozen=True, slots=True)
class Trust:
    """`ca_pem` and `fingerprint` (64 hex digits) are for their kinds only; there is no kind that
    trusts everybody."""

    kind: str = Kind.SYSTEM
    ca_pem: str = ""
    fingerprint: str = ""

    def context(self) -> ssl.SSLContext:
        """ValueError for a PEM that holds no certificate."""
        if self.kind == Kind.SYSTEM:
            return ssl.create_default_context()
        if self.kind == Kind.CA:
            try:
                # The authority given and no other: create_default_context adds none to it.
                return ssl.create_default_context(cadata=self.ca_pem)
            except (ssl.SSLError, ValueError) as error:
                raise ValueError("There is no certificate in PEM form in the text.") from error
        made = ssl.create_default_context()
        # The fingerprint takes the place of name and issuer, which a self-signed one does not have.
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        return made


def clean_fingerprint(text: str) -> str:
    """64 lower-case hex digits of what people paste (colons, spaces); ValueError otherwise."""
    digits = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if not _FINGERPRINT.match(digits):
        raise ValueError("A SHA-256 fingerprint has 64 hex digits; colons may part them.")
    return digits


class _Trusting(HTTPAdapter):
    """Judges the server by one Trust, whatever requests would take for its default."""

    trust: Trust

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, True, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = self.trust.context()
            if self.trust.kind == Kind.PIN:
                # urllib3 takes it; the types of requests do not know it.
                pool["assert_fingerprint"] = self.trust.fingerprint  # type: ignore[typeddict-unknown-key]
                pool["cert_reqs"] = "CERT_NONE"
        return host, pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing: the connection has its context, and requests would add its own authorities."""


class OpenAdapter(_Trusting):
    """For hosts that the operator allowed by name, private or not."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        super().__init__()


class GuardedAdapter(_Trusting, IPFilterAdapter):  # type: ignore[misc]
    """For all others: the address is judged, and connected to as judged."""

    def __init__(self, trust: Trust, *, is_https: bool) -> None:
        self.trust = trust
        IPFilterAdapter.__init__(self, is_https_proto=is_https)
