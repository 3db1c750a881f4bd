"""Make .venv and put the locked packages into it: `python3 config/install.py run|dev`.

Runs before anything is installed, so it uses the standard library only. uv is quick; pip is what
every Python has. Every package must match a hash of the lock file.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def main(which: str) -> None:
    lock = BASE_DIR / f"requirements-{which}.lock"
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"This needs Python 3.11 or later, and {sys.executable} is {sys.version.split()[0]}. "
            "Install one and name it: make PYTHON=python3.12 ..."
        )
    uv = shutil.which("uv")
    if not PYTHON.exists():
        make_venv(uv)
    print(f"Installing the packages of {lock.name} ...", flush=True)  # noqa: T201
    if not install(uv or uv_from_pip(), lock):
        raise SystemExit("The packages could not be installed; see above.")
    (VENV / f"installed-{which}").touch()


def make_venv(uv: str | None) -> None:
    # A half-made one, as a missing ensurepip leaves it, must not be taken for a whole one.
    shutil.rmtree(VENV, ignore_errors=True)
    if uv and run(uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(VENV)):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SystemExit(without_venv())
    if not run(sys.executable, "-m", "venv", str(VENV)):
        shutil.rmtree(VENV, ignore_errors=True)
        raise SystemExit(without_venv())


def without_venv() -> str:
    return (
        "This Python cannot make a virtual environment. Install the package python3-venv "
        "(Debian and Ubuntu: apt-get install python3-venv), or put uv on the PATH."
    )


def uv_from_pip() -> str | None:
    """uv inside .venv, several times as fast as pip; None if it cannot be had."""
    inside = VENV / "bin" / "uv"
    if inside.exists() or run(str(PYTHON), "-m", "pip", "install", "--quiet", "uv"):
        return str(inside)
    return None


def install(uv: str | None, lock: Path) -> bool:
    line = ["pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
    if uv and run(uv, *line, "--python", str(PYTHON)):
        return True
    print("Trying pip ...", flush=True)  # noqa: T201
    return run(str(PYTHON), "-m", *line)


def run(*line: str) -> bool:
    # A virtual environment of the caller is not the one meant here.
    env = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    return subprocess.run(line, env=env, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "dev")
