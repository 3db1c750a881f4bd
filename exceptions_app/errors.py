"""The one error family of this app: a code for machines, a sentence that says what to do next."""

from __future__ import annotations


class ExceptionsError(Exception):
    """What was asked cannot be done; `str()` is the sentence, `code` the word for machines."""

    code = "refused"


class NothingChosen(ExceptionsError):
    """An act on no process, no policy or no group, or without a reason."""

    code = "nothing_chosen"


class BadValue(ExceptionsError):
    """A value that no choice allows: a response, a date in the past, a name that is too long."""

    code = "bad_value"


class NotFound(ExceptionsError):
    """The policy, process, group or exception is not there, or not any more."""

    code = "not_found"


class AlreadyUndone(ExceptionsError):
    """Somebody undid the decision before."""

    code = "already_undone"


class StillAtWork(ExceptionsError):
    """A bulk decision is being written: it is stopped before it is undone."""

    code = "still_at_work"


class TooLate(ExceptionsError):
    """A decision is undone within thirty days or not at all."""

    code = "too_late"


class Inherits(ExceptionsError):
    """The group has its parent's policy; the sentence names the group that owns it."""

    code = "inherits"


class NotShared(ExceptionsError):
    """A policy that is not shared belongs to one location of one group."""

    code = "not_shared"


class PolicyDiffers(ExceptionsError):
    """A policy of that name exists with other properties."""

    code = "policy_differs"


class Conflict(ExceptionsError):
    """Two rules of one policy order different responses for one file."""

    code = "conflict"


class NeedsSecondPerson(ExceptionsError):
    """One person is not enough for this act: ask for approval, and another one carries it out."""

    code = "needs_second_person"


class SamePerson(ExceptionsError):
    """Who asked for an act, or wrote what it publishes, cannot approve it."""

    code = "same_person"


class AlreadySettled(ExceptionsError):
    """Somebody approved, declined or withdrew the request before."""

    code = "already_settled"


class OutOfDate(ExceptionsError):
    """What would be done now is not what the request was made for."""

    code = "out_of_date"


class ViewInUse(ExceptionsError):
    """A shared view is the landing page of a role."""

    code = "view_in_use"


class NotComplete(ExceptionsError):
    """A plan's dossier is sealed at its last level or after it."""

    code = "not_complete"


class NotOn(ExceptionsError):
    """A rule that is a draft, stopped or off does not act until somebody signs it."""

    code = "not_on"
