"""A SEPM 14 server's REST interface: signed in, paged, retried where that is safe.

Facts and their evidence: docs/sepm.md. Every request has a connection of its own, since SEPM 14.3
was seen to drop reused ones after the first POST. Reads are repeated; a change is never sent twice
without reading first, which is the caller's work.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from exceptions_app.export.canonical import compact, visible
from exceptions_app.sepm import errors
from truscan.delivery import outbound
from truscan.delivery.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ID = re.compile(r"[0-9A-Fa-f]{32}\Z")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}\Z")
PAUSES = (0.5, 2.0)  # seconds before a read is repeated
PAGE_SIZE = 250  # the largest that SEPM takes is not documented
MOST_PAGES = 8_000  # of 250: twice the clients of the largest estate that is planned for
# A token is renewed before its end, so that a request on its way does not meet it.
EARLY_SECONDS = 30.0
FEW_SECONDS = 60.0
ANSWER_TEXT = 300

BY_CODE: dict[int, type[errors.SepmError]] = {
    401: errors.NotAllowed,
    403: errors.NotAllowed,
    404: errors.NotThere,
    409: errors.IsThere,
    410: errors.NotThere,
    423: errors.Locked,
}


@dataclass(frozen=True, slots=True)
class Access:
    """`base` is "https://host:8446/sepm/api"; domain "" is SEPM's default one."""

    base: str
    username: str
    password: str = field(repr=False)
    domain: str = ""
    trust: Trust = field(default_factory=Trust)


class Client:
    """Used in a `with` block: signs in when first needed, signs out at its end."""

    def __init__(
        self,
        access: Access,
        *,
        before_each: Callable[[], None] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access = access
        self._before_each = before_each
        self._pause = pause
        self._token = ""
        self._token_ends = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Sign out; whether that succeeds changes nothing."""
        if self._token:
            with contextlib.suppress(errors.SepmError):
                self._ask("POST", "v1/identity/logout")
            self._token = ""

    def get(self, path: str, **params: str | int) -> Any:
        """The JSON of an answer; repeated after a broken connection or a 5xx."""
        for pause in (*PAUSES, None):
            try:
                return self._signed("GET", path, params=params)
            except (errors.Unreachable, errors.InTrouble):
                if pause is None:
                    raise
                self._pause(pause)
        raise AssertionError("the loop returns or raises")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """A change, sent once. After Unreachable or InTrouble, read whether it arrived."""
        return self._signed(method, path, body=body)

    def pages(self, path: str, **params: str | int) -> Iterator[dict[str, Any]]:
        """The members of `content` over all pages; OddAnswer for an answer that is no page."""
        for index in range(1, MOST_PAGES + 1):
            page = self.get(path, pageIndex=index, pageSize=PAGE_SIZE, **params)
            rows = page.get("content") if isinstance(page, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise errors.OddAnswer(f"{path}: the answer is no page of a list. {_begin(page)}")
            yield from rows
            is_last = page.get("lastPage")
            if is_last is True or (is_last is None and not rows):
                return
            if not rows:
                break
        raise errors.OddAnswer(f"{path}: the pages have no end.")

    def _signed(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Any:
        self._sign_in()
        try:
            return self._ask(method, path, body=body, params=params)
        except errors.NotAllowed:
            # A token may end early; what was refused was not done, so it may be asked again, once.
            self._token = ""
            self._sign_in()
            return self._ask(method, path, body=body, params=params)

    def _sign_in(self) -> None:
        """With the account again when a token ends: no call is described that renews one."""
        if self._token and time.monotonic() < self._token_ends:
            return
        self._token = ""
        given = self._access
        asked = {"username": given.username, "password": given.password, "domain": given.domain}
        try:
            told = self._ask("POST", "v1/identity/authenticate", body=asked)
        except (errors.NotAllowed, errors.Refused, errors.NotThere) as error:
            raise errors.SignInRefused(
                f"SEPM does not let {given.username} in. {error}"
                " Check account, password and domain."
            ) from error
        token = told.get("token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not _TOKEN.match(token):
            raise errors.OddAnswer("SEPM answered the sign-in without a token.")
        lasts = told.get("tokenExpiration")
        seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else FEW_SECONDS
        self._token = token
        self._token_ends = time.monotonic() + max(seconds - EARLY_SECONDS, seconds / 2)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Any:
        if self._before_each is not None:
            self._before_each()
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = outbound.call(
                method,
                f"{self._access.base}/{path}",
                trust=self._access.trust,
                headers=headers,
                body=None if body is None else compact(body),
                params=params,
            )
        except outbound.WrongCertificate as error:
            raise errors.NotTheServer(f"{error} Nothing was sent.") from error
        except outbound.PrivateAddress as error:
            raise errors.Blocked(str(error)) from error
        except outbound.OutboundError as error:
            raise errors.Unreachable(f"SEPM did not answer ({error}).") from error
        return self._judged(path, answer)

    def _judged(self, path: str, answer: outbound.Answer) -> Any:
        told = _json(answer.body)
        code = _error_code(told) or answer.status
        if 200 <= answer.status < 300 and code < 300:
            return told
        message = told.get("errorMessage") if isinstance(told, dict) else told
        words = self._without_secrets(_begin(message))
        if code >= 500:
            raise errors.InTrouble(f"SEPM answered {code} to {path}. {words}".strip())
        kind = BY_CODE.get(code, errors.Refused)
        raise kind(f"SEPM answered {code} to {path}. {words}".strip())

    def _without_secrets(self, text: str) -> str:
        """A server that repeats what it got must not bring a password into a log or a page."""
        for secret in (self._access.password, self._token):
            if secret:
                text = text.replace(secret, "…")
        return text


def object_id(value: object, what: str) -> str:
    """32 hex digits, as SEPM names objects: nothing else ever becomes part of an address."""
    if isinstance(value, str) and _ID.match(value):
        return value
    raise errors.OddAnswer(f"SEPM named {what} without an id of 32 hex digits.")


def _json(body: bytes) -> Any:
    """What the body says: JSON, else its text."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _error_code(told: Any) -> int:
    """Codes are texts in SEPM's errors; 0 where the answer is none."""
    code = str(told.get("errorCode") or "") if isinstance(told, dict) else ""
    return int(code) if code.isascii() and code.isdecimal() and len(code) == 3 else 0


def _begin(told: Any) -> str:
    text = told if isinstance(told, str) else "" if told is None else json.dumps(told)
    return visible(" ".join(text[: ANSWER_TEXT * 2].split()))[:ANSWER_TEXT]
