from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

if TYPE_CHECKING:
    from rest_framework.request import Request


class SafeCursor(CursorPagination):
    """A cursor that somebody made up is not found, whatever it holds."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except (ValueError, TypeError, OverflowError, ValidationError) as error:
            raise NotFound(self.invalid_cursor_message) from error


class IdCursor(SafeCursor):
    """Pages by the immutable id, newest first: no page shifts when rows arrive."""

    ordering = "-id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
