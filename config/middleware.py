"""Headers that no page may miss, the sign-in gate, and the person's own time zone."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.utils import timezone

from truscan.access.scope import read_grants_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    GetResponse = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# Swagger UI writes styles of its own; the scripts still come from here only.
CSP_DOCS = CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "script-src 'self'", "script-src 'self' 'unsafe-inline'"
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

# Pages that a visitor without a session may open; the API asks for a token by itself.
OPEN = ("/accounts/login/", "/accounts/2fa/", "/api/", "/healthz", "/readyz", "/calendar/")


class ContentSecurityPolicy:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        r = self.get_response(request)
        r["Content-Security-Policy"] = CSP_DOCS if request.path == "/api/docs/" else CSP
        r["Permissions-Policy"] = PERMISSIONS
        return r


class LoginRequired:
    """Every page asks for a session, so that forgetting a decorator opens nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_open = request.path.startswith(OPEN) or request.path.startswith(settings.STATIC_URL)
        if is_open:
            return self.get_response(request)
        if request.user.is_authenticated:
            read_grants_once(request.user)
            return self.get_response(request)
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


class PersonTimeZone:
    """Times on pages are in the zone that the person chose; UTC until then."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = "UTC"
        if request.user.is_authenticated:
            chosen = getattr(request.user, "person_settings", None)
            zone = chosen.timezone if chosen else zone
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)
