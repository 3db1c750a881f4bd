"""Web, worker and beat under one roof: `python -m config.supervisor run|stop`.

The order at the start: one supervisor for a folder, nothing left over from a killed one, a free
port, servers, migrations; then the processes. A process that ends is started again. At the end
each gets ten seconds to finish its work; the tick resumes what was cut off.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from config import embedded
from config.children import Child, programs
from config.folders import CannotStart
from config.processes import MARK, Held, end, exclusive, marked, port_is_free, try_lock

HOST = "127.0.0.1"
PATIENCE = 12  # seconds that all processes together get to end


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  (what the person at the terminal came for)


def run() -> int:
    var = embedded.var_dir()
    port = int(os.environ.get("PORT") or 8000)
    var.mkdir(parents=True, exist_ok=True)
    lock = try_lock(var / "run.lock")
    if lock is None:
        pid, url = (var / "run.lock").read_text().split()
        say(f"It is running already: {url} (process {pid}). `make stop` stops it.")
        return 1
    url = f"http://{HOST}:{port}/"
    lock.write(f"{os.getpid()} {url}\n")
    try:
        sweep(var)
        if port_is_free(HOST, port):
            return supervise(var, port, url)
        say(
            f"Port {port} is used by another program. Stop that one, or choose another port: "
            f"make run PORT={port + 1}"
        )
        return 1
    finally:
        lock.write("")
        lock.release()


def supervise(var: Path, port: int, url: str) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("BASE_URL", url.rstrip("/"))
    os.environ.update({MARK: str(var), "STATIC_HASHED": "1", "PYTHONUNBUFFERED": "1"})
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    say("Starting the servers ...")
    try:
        lease = embedded.ensure_servers(var)
    except CannotStart as e:
        say(str(e))
        return 1
    children: list[Child] = []
    try:
        if not prepare(var):
            say("The database could not be brought up to date; see above.")
            return 1
        children = [Child(name, line, lease) for name, line in programs(var, HOST, port).items()]
        return watch(children, url, stopping)
    finally:
        say("Stopping ...")
        stop_all(children)
        sweep(var)
        if lease:
            lease.end()


def prepare(var: Path) -> bool:
    """Migrations, static files, the administrator: in a process of their own, which then ends."""
    line = [sys.executable, "manage.py", "prepare", "--demo-wanted", str(var / "demo.wanted")]
    r = subprocess.run(line, cwd=embedded.BASE_DIR, start_new_session=True, check=False)  # noqa: S603
    return r.returncode == 0


def watch(children: list[Child], url: str, stopping: threading.Event) -> int:
    """Keep them running until somebody says stop, or one fails again and again."""
    web, *others = children
    web.start()
    announced = False
    while not stopping.wait(0.1):
        if not announced and answers(url):
            announced = True
            say(f"\n  TruScan tuning is at {url}   (Ctrl-C or `make stop` stops it)\n")
            # Only now, so that the page need not share the processors while it loads.
            for child in others:
                child.start()
        for child in children:
            if not child.keep_running():
                say(f"{child.name} ends again and again; its last lines are above.")
                return 1
    return 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}healthz", timeout=1) as r:  # noqa: S310  (own address)
            return bool(r.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop_all(children: list[Child]) -> None:
    """Ask the leaders only: a worker's pool must be told by the worker."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        child.wait(deadline)


def sweep(var: Path) -> None:
    """End what a supervisor of this folder left behind."""
    if left := marked(var):
        end(left)


def stop() -> int:
    """Stop the supervisor, else its remains, then servers that nobody uses."""
    for var in (embedded.var_dir(), embedded.var_dir() / "test"):
        if not var.exists():
            continue
        stop_supervisor(var)
        with exclusive(var / "servers.lock"):
            if not embedded.stop_unused(var):
                say(f"A command still uses the servers of {var}; they stop when it ends.")
    say("Stopped: nothing of it is running.")
    return 0


def stop_supervisor(var: Path) -> None:
    free = try_lock(var / "run.lock")
    if free is None:
        # The lock is held, so the number in the file is that of the holder.
        pid = int((var / "run.lock").read_text().split()[0])
        os.kill(pid, signal.SIGTERM)
        wait_for_lock(var / "run.lock", PATIENCE + 20, pid).release()
    else:
        free.release()
    sweep(var)


def wait_for_lock(path: Path, seconds: float, pid: int) -> Held:
    deadline = time.monotonic() + seconds
    while (lock := try_lock(path)) is None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += 5
        time.sleep(0.1)
    return lock


if __name__ == "__main__":
    sys.exit(stop() if sys.argv[1:] == ["stop"] else run())
