from __future__ import annotations

from django.apps import AppConfig


class ExceptionsConfig(AppConfig):
    name = "exceptions_app"
    verbose_name = "Centralized exceptions"

    def ready(self) -> None:
        """Models are loaded by now, so the modules below can be."""
        from exceptions_app.coverage import Decided
        from exceptions_app.triage.watching import return_due
        from truscan import coverage, ticking

        coverage.register(Decided())
        ticking.register("watches", return_due)
