"""What can go wrong with a SEPM server. `passes` tells that trying again later may succeed."""

from __future__ import annotations

from typing import Any, ClassVar

from exceptions_app.errors import ExceptionsError


class SepmError(ExceptionsError):
    """Each kind says its word for machines, and whether it passes, where it is defined."""

    code = "sepm"
    passes: ClassVar[bool] = False

    def __init_subclass__(cls, *, code: str, passes: bool = False, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.code, cls.passes = f"sepm_{code}", passes


class Unreachable(SepmError, code="unreachable", passes=True):
    """No whole answer. Whether a change arrived is not known: read before it is repeated."""


class NotTheServer(SepmError, code="certificate"):
    """Its certificate is not the one that was configured: nothing was sent."""


class Blocked(SepmError, code="blocked"):
    """The address is in a private network that the operator has not allowed."""


class SignInRefused(SepmError, code="sign_in"):
    """Account, password or domain are wrong, or the stored password cannot be opened."""


class NotAllowed(SepmError, code="not_allowed"):
    """The account may not do that; nearly all of this needs a System Administrator."""


class NotThere(SepmError, code="not_there"):
    """SEPM has no such object (404, 410)."""


class IsThere(SepmError, code="exists"):
    """An object of that name exists (409)."""


class Refused(SepmError, code="refused"):
    """SEPM does not accept what was sent (400, 422 and others)."""


class Locked(SepmError, code="locked", passes=True):
    """Somebody edits the policy just now (423)."""


class InTrouble(SepmError, code="trouble", passes=True):
    """SEPM answers 5xx."""


class OddAnswer(SepmError, code="answer", passes=True):
    """The answer is not what the interface describes: an error text where a page should be."""


class Unlike(SepmError, code="stale"):
    """What SEPM holds is not what the plan was made for: make a new plan."""


class OutOfScope(SepmError, code="scope"):
    """The change would reach groups that the person does not approve for."""


class Stopped(SepmError, code="stopped"):
    """Somebody stopped the job, or another worker has it."""
