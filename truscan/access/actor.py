"""Who does something, and by what means: every write path takes one."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Means(models.TextChoices):
    WEB = "web", "web page"
    TOKEN = "token", "API token"
    COMMAND_LINE = "command_line", "command line"
    SCHEDULE = "schedule", "schedule"
    RULE = "rule", "rule"


@dataclass(frozen=True, slots=True)
class Actor:
    """The name is copied into every row it writes, so that it outlives the account."""

    name: str
    means: Means
    user: User | None = None

    @classmethod
    def on_web(cls, user: User) -> Actor:
        return cls(user.get_username(), Means.WEB, user)

    @classmethod
    def by_token(cls, user: User) -> Actor:
        return cls(user.get_username(), Means.TOKEN, user)

    @classmethod
    def on_command_line(cls, user: User | None = None) -> Actor:
        """Without a user the actor is the operating-system account."""
        if user is not None:
            return cls(user.get_username(), Means.COMMAND_LINE, user)
        return cls(f"command line ({getpass.getuser()})", Means.COMMAND_LINE)

    @classmethod
    def by_schedule(cls) -> Actor:
        return cls("schedule", Means.SCHEDULE)
