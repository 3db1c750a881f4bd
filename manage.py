#!/usr/bin/env python3
from __future__ import annotations

import os
import sys

# These read no table, so they need not wait for a database to start.
WITHOUT_SERVERS = {"help", "version", "read_log", "make_fleet", "collectstatic", "spectacular"}


def main(argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import embedded
    from config.folders import CannotStart

    command = argv[1] if len(argv) > 1 else "help"
    try:
        if command in WITHOUT_SERVERS or {"-h", "--help", "--version"} & set(argv):
            embedded.ensure_key()
        else:
            embedded.ensure_servers()
    except CannotStart as e:
        raise SystemExit(str(e)) from None
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


if __name__ == "__main__":
    main(sys.argv)
