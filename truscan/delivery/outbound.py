"""The one way out: no redirects, short time-outs, public addresses only unless allowed by name.

The address is resolved once, judged, and connected to as judged, so that a second answer of the
name server changes nothing (requests-hardened). Nothing calls out unless an administrator
configured the address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests_hardened import Config, Manager

TIMEOUT = (5.0, 10.0)  # seconds to connect, to answer


class OutboundError(Exception):
    """The call did not succeed; the text says why, without any secret."""


def _manager(*, guarded: bool) -> Manager:
    return Manager(
        Config(
            ip_filter_enable=guarded,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=TIMEOUT,
            user_agent_override="truscan-tuning",
        )
    )


def check_address(url: str) -> None:
    """Refuse at once what could never be called: OutboundError says what to write instead."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise OutboundError("Write an address such as https://host/path, without a password.")


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST the body; the status of a 2xx answer. Raises OutboundError for everything else."""
    check_address(url)
    guarded = urlsplit(url).hostname not in settings.OUTBOUND_PRIVATE_HOSTS
    try:
        r = _manager(guarded=guarded).send_request(
            "POST", url, data=body, headers=headers, stream=True
        )
        with r:
            status = int(r.status_code)
    except (requests.RequestException, ValueError, OSError) as error:
        raise OutboundError(f"{type(error).__name__}: the address could not be reached") from error
    if not 200 <= status < 300:
        raise OutboundError(f"The address answered {status}.")
    return status
