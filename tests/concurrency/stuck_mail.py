"""A mail server that never answers: for a sender that is killed while it waits."""

from __future__ import annotations

import sys
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend


class NeverAnswers(BaseEmailBackend):
    """Says that the message is on its way, then waits for a line that nobody writes."""

    def send_messages(self, email_messages: Any) -> int:
        sys.stdout.write("sending\n")
        sys.stdout.flush()
        sys.stdin.readline()
        return len(email_messages)
