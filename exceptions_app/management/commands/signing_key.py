from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exceptions_app.policies.signing import public_pem


class Command(BaseCommand):
    help = "Print the public key that checks the signatures of revisions and dossiers (PEM)."

    def handle(self, *args: Any, **options: Any) -> None:
        pem = public_pem()
        if not pem:
            raise CommandError("SIGNING_KEY is not set, so revisions are not signed.")
        self.stdout.write(pem, ending="")
