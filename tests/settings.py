"""The settings of tests: the project's own, on servers that need not survive a power cut."""

from __future__ import annotations

import os
import re

from config import embedded

IS_EMBEDDED = not embedded.given("DATABASE_URL")
os.environ.setdefault("VAR_DIR", str(embedded.BASE_DIR / "var" / "test"))
embedded.ensure_servers(durable=False)

# Tests that run side by side share the servers, and any of them may empty its cache. The
# databases have names of their own already.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = re.sub(r"(?<=/|=)\d+$", str(number), os.environ["REDIS_URL"])

from config.settings import *  # noqa: E402, F403  (the servers' addresses must be known first)

# The live server wants the folder of collected files to be there, if empty.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405

# Real hashing takes a quarter of a second for each person that a test makes.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
