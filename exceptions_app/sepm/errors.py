"""What can go wrong with a SEPM server. `passes` tells that trying again later may succeed."""

from __future__ import annotations

from exceptions_app.errors import ExceptionsError


class SepmError(ExceptionsError):
    code = "sepm"
    passes = False


class Unreachable(SepmError):
    """No whole answer. Whether a change arrived is not known: read before it is repeated."""

    code = "sepm_unreachable"
    passes = True


class NotTheServer(SepmError):
    """Its certificate is not the one that was configured: nothing was sent."""

    code = "sepm_certificate"


class Blocked(SepmError):
    """The address is in a private network that the operator has not allowed."""

    code = "sepm_blocked"


class SignInRefused(SepmError):
    code = "sepm_sign_in"


class NotAllowed(SepmError):
    """The account may not do that; nearly all of this needs a System Administrator."""

    code = "sepm_not_allowed"


class NotThere(SepmError):
    """SEPM has no such object (404, 410)."""

    code = "sepm_not_there"


class IsThere(SepmError):
    """An object of that name exists (409)."""

    code = "sepm_exists"


class Refused(SepmError):
    """SEPM does not accept what was sent (400, 422 and others)."""

    code = "sepm_refused"


class Locked(SepmError):
    """Somebody edits the policy just now (423)."""

    code = "sepm_locked"
    passes = True


class InTrouble(SepmError):
    """SEPM answers 5xx."""

    code = "sepm_trouble"
    passes = True


class OddAnswer(SepmError):
    """The answer is not what the interface describes: an error text where a page should be."""

    code = "sepm_answer"
    passes = True


class Unlike(SepmError):
    """What SEPM holds is not what the plan was made for: make a new plan."""

    code = "sepm_stale"


class OutOfScope(SepmError):
    """The change would reach groups that the person does not approve for."""

    code = "sepm_scope"


class Stopped(SepmError):
    """Somebody stopped the job, or another worker has it."""

    code = "sepm_stopped"
