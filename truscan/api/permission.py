from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

SAFE = {"GET", "HEAD", "OPTIONS"}


class HasScope(BasePermission):
    """The token must carry the scope of the act: "read", or the view's `write_scope`.

    What of the estate it reaches is decided by `visible_to(request.user)` in the view.
    """

    message = "This token does not have the scope for that; make one that has it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.user is None or request.auth is None:
            return False
        wanted = "read" if request.method in SAFE else getattr(view, "write_scope", "admin")
        return wanted in getattr(request.auth, "scopes", [])
