"""The one way out: no redirects, short time-outs, public addresses only unless allowed by name.

The address is resolved once, judged, and connected to as judged, so that a second answer of the
name server changes nothing (requests-hardened). Nothing calls out unless an administrator
configured the address.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from truscan.delivery.trust import GuardedAdapter, OpenAdapter, Trust

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = (5.0, 10.0)  # seconds to connect, to answer
_PIECE = 64 * 1024


class OutboundError(Exception):
    """The call did not succeed; the text says why, without any secret."""


class WrongCertificate(OutboundError):
    """The server did not prove to be the one that was configured; nothing was sent."""


class PrivateAddress(OutboundError):
    """The address is in a private network and its host is not on the list of allowed ones."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Any status, a redirect too: the caller judges it."""

    status: int
    body: bytes


def _config(*, guarded: bool) -> Config:
    return Config(
        ip_filter_enable=guarded,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=TIMEOUT,
        user_agent_override="truscan-tuning",
    )


def check_address(url: str) -> None:
    """Refuse at once what could never be called: OutboundError says what to write instead."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise OutboundError("Write an address such as https://host/path, without a password.")


def _is_guarded(url: str) -> bool:
    return urlsplit(url).hostname not in settings.OUTBOUND_PRIVATE_HOSTS


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST the body; the status of a 2xx answer. Raises OutboundError for everything else."""
    check_address(url)
    try:
        r = Manager(_config(guarded=_is_guarded(url))).send_request(
            "POST", url, data=body, headers=headers, stream=True
        )
        with r:
            status = int(r.status_code)
    except (requests.RequestException, ValueError, OSError) as error:
        raise OutboundError(f"{type(error).__name__}: the address could not be reached") from error
    if not 200 <= status < 300:
        raise OutboundError(f"The address answered {status}.")
    return status


def call(
    method: str,
    url: str,
    *,
    trust: Trust,
    headers: Mapping[str, str],
    body: bytes | None = None,
    params: Mapping[str, str | int] | None = None,
    answer_seconds: float = 30.0,
    total_seconds: float = 90.0,
    most_bytes: int = 32 * 1024 * 1024,
) -> Answer:
    """One request on a connection of its own, and the whole answer, judged by `trust`.

    Proxies, cookies and passwords of the environment (.netrc) are not used. Raises
    WrongCertificate, PrivateAddress, or OutboundError: then whether a request that changes
    something arrived is not known.
    """
    check_address(url)
    asked = {**headers, "Connection": "close", "Accept-Encoding": "identity"}
    try:
        with _session(url, trust) as session:
            r = session.request(
                method,
                url,
                params=dict(params or {}),
                data=body,
                headers=asked,
                timeout=(TIMEOUT[0], answer_seconds),
                stream=True,
            )
            with r:
                whole = _read(r, time.monotonic() + total_seconds, most_bytes)
                return Answer(int(r.status_code), whole)
    except InvalidIPAddress as error:
        raise PrivateAddress(
            "The address is in a private network. Whoever runs this service must add its host"
            " to OUTBOUND_PRIVATE_HOSTS."
        ) from error
    except requests.exceptions.SSLError as error:
        raise _told(error) from error
    except (requests.RequestException, ValueError, OSError) as error:
        raise OutboundError(f"{type(error).__name__}: no whole answer came back") from error


def _session(url: str, trust: Trust) -> Any:
    guarded = _is_guarded(url)
    session = Manager(_config(guarded=guarded)).get_session()
    session.trust_env = False
    for scheme in ("https", "http"):
        adapter = (
            GuardedAdapter(trust, is_https=scheme == "https") if guarded else OpenAdapter(trust)
        )
        session.mount(f"{scheme}://", adapter)
    return session


def _read(r: requests.Response, until: float, most_bytes: int) -> bytes:
    pieces, size = [], 0
    for piece in r.iter_content(_PIECE):
        size += len(piece)
        if size > most_bytes:
            raise OutboundError(f"The answer is larger than {most_bytes:,} bytes.")
        if time.monotonic() > until:
            raise OutboundError("The answer took too long.")
        pieces.append(piece)
    return b"".join(pieces)


def _told(error: BaseException) -> OutboundError:
    """A certificate that does not fit is told as such; a connection that broke is no such thing."""
    seen: BaseException | None = error
    reasons: list[BaseException] = []
    while seen is not None and len(reasons) < 12:
        reasons.append(seen)
        inner = getattr(seen, "reason", None)
        seen = inner if isinstance(inner, BaseException) else seen.__cause__ or seen.__context__
    verify = next((one for one in reasons if isinstance(one, ssl.SSLCertVerificationError)), None)
    if verify is not None:
        return WrongCertificate(
            f"The server's certificate is not trusted: {verify.verify_message}."
        )
    text = str(error)
    if "ingerprint" in text:
        return WrongCertificate("The server's certificate is not the one whose fingerprint is set.")
    if "match" in text:
        return WrongCertificate("The server's certificate is for another host name.")
    return OutboundError("SSLError: no encrypted connection came about")
