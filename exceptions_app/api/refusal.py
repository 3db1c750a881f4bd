"""What the acts of this app refuse, as problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import exceptions

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.export.findings import ExportRefused
from exceptions_app.importing.rules import ImportRefused
from truscan.api.problem import Conflict

if TYPE_CHECKING:
    from exceptions_app.errors import ExceptionsError

WRONG = (NothingChosen, BadValue, ImportRefused)


def refused(error: ExceptionsError) -> exceptions.APIException:
    """404 for what is not there, 400 for a value that is never allowed, else 409: the state of
    things is in the way. `code` is the word for machines; an export names each finding."""
    if isinstance(error, NotFound):
        return exceptions.NotFound(str(error))
    if isinstance(error, WRONG):
        return exceptions.ValidationError({"non_field_errors": [str(error)]}, error.code)
    conflict = Conflict(str(error))
    conflict.more = {"code": error.code}
    if isinstance(error, ExportRefused):
        conflict.more["findings"] = [one.as_json() for one in error.findings]
    return conflict
