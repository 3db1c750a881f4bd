"""Chromium for the browser tests: find it, or as root on Debian install it.

`python config/browser.py` ends with status 0 if the tests can run, BROWSER=0 included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = """No Chromium or Chrome was found, and the browser tests need one. Either
  install it            Debian: apt-get install chromium   Fedora: dnf install chromium
  name it               CHROMIUM=/path/to/chrome make test
  or leave them out     BROWSER=0 make test"""


def chromium() -> str | None:
    """The browser's program, CHROMIUM first."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Debian's own package; the browser that playwright would download is not used."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for line in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        subprocess.run(line, env=env, check=False, stdout=subprocess.DEVNULL)  # noqa: S603


def main() -> None:
    if os.environ.get("BROWSER") == "0" or chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and "CHROMIUM" not in os.environ:
        print("No Chromium here: installing Debian's ...", flush=True)  # noqa: T201
        install()
    if not chromium():
        sys.exit(MISSING)


if __name__ == "__main__":
    main()
