"""The processes of the product, and one of them from its start to its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from config.embedded import BASE_DIR, Lease, var_dir

if TYPE_CHECKING:
    from pathlib import Path

QUICK = 20  # an end within so many seconds of the start is a failure to start
TRIES = 5


def programs(var: Path, host: str, port: int) -> dict[str, list[str]]:
    """Name -> command line. Without a broker one process ticks, and there is no worker."""
    python = sys.executable
    web = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"{host}:{port}"]
    web += [
        "--worker-class",
        "gthread",
        "--workers",
        "2",
        "--threads",
        "4",
        "--timeout",
        "120",
        "--preload",
    ]
    celery = [python, "-m", "celery", "--quiet", "-A", "config.celery"]
    found = {"web": [*web, "--no-control-socket", "--log-level", "warning"]}
    if os.environ.get("REDIS_URL") == "none":
        found["ticker"] = [python, "manage.py", "tick", "--every", "20"]
    else:
        found["worker"] = [*celery, "worker", "--concurrency", "2", "--prefetch-multiplier", "1"]
        found["worker"] += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
        found["beat"] = [*celery, "beat", "--schedule", str(var / "beat-schedule")]
        found["beat"] += ["--pidfile", "", "--loglevel", "WARNING"]
    if (var / "demo.wanted").exists():
        found["demo"] = [python, "manage.py", "demo"]
    return found


class Child:
    """A process in a session of its own, so that Ctrl-C reaches it only through us."""

    def __init__(self, name: str, line: list[str], lease: Lease | None) -> None:
        self.name, self.line = name, line
        # Holding the servers too: they must not stop below it if the supervisor is killed.
        self.fds = (lease.lock.fd,) if lease else ()
        self.process: subprocess.Popen[str] | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.quick_ends = 0
        self.is_done = False

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.line,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=self.fds,
        )
        threading.Thread(target=self._echo, args=(self.process.stdout,), daemon=True).start()

    def _echo(self, lines: TextIO | None) -> None:
        with contextlib.suppress(ValueError, BrokenPipeError):
            for line in lines or ():
                sys.stdout.write(f"{self.name:>6} | {line}")
                sys.stdout.flush()

    def keep_running(self) -> bool:
        """Start it again if it ended; False when that was tried too often."""
        if self.is_done or self.process is None or self.process.poll() is None:
            return True
        if self.name == "demo":
            return self._note_demo(self.process.returncode)
        now = time.monotonic()
        if not self.start_again_at:
            self.quick_ends = self.quick_ends + 1 if now - self.started_at < QUICK else 1
            self.start_again_at = now + self.quick_ends
        if self.quick_ends >= TRIES:
            return False
        if now >= self.start_again_at:
            self.start_again_at = 0.0
            self.start()
        return True

    def _note_demo(self, status: int) -> bool:
        """Once is enough; a demo that failed is tried at the next start."""
        self.is_done = True
        if status == 0:
            (var_dir() / "demo.wanted").unlink(missing_ok=True)
        return True

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Wait until `deadline`, then kill it with everything that it started."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
