"""What can be wrong with an act on a ramp plan; the text is a sentence for the person."""

from __future__ import annotations


class RampError(Exception):
    """Base of the family."""


class PlanRefused(RampError):
    """The plan cannot be made as asked."""


class PlanExists(RampError):
    """Another plan of the same scan policy and track has not ended."""


class NotAllowed(RampError):
    """The act makes no sense in the plan's present state."""


class ReasonNeeded(RampError):
    """The act must be explained."""


class NotFound(RampError):
    """No such plan, group or location."""
