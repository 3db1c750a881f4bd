"""Which processes are ours: locks that die with their holder, and a mark in the environment.

A pid in a file proves nothing after a crash, since numbers are used again. A flock does: the kernel
drops it with the process. Processes that outlive a killed supervisor carry `MARK` in their
environment, with the folder whose servers they use.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = "TRUSCAN_SUPERVISED"


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock at `path` and hold it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Held:
    """A lock that stays taken until `release()`, or until its last holder is gone."""

    def __init__(self, path: Path, *, shared: bool, wait: bool) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(self.fd, how)
        except BlockingIOError:
            os.close(self.fd)
            raise

    def write(self, text: str) -> None:
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text.encode(), 0)

    def release(self) -> None:
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        os.close(self.fd)


def try_lock(path: Path) -> Held | None:
    """The lock, or None if somebody holds it just now."""
    try:
        return Held(path, shared=False, wait=False)
    except BlockingIOError:
        return None


def marked(folder: Path) -> list[psutil.Process]:
    """Processes that a supervisor of `folder` started, children of children included."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(folder):
                found.append(process)
    return found


def end(processes: list[psutil.Process], seconds: float = 10) -> None:
    """Ask them to end, and kill those that have not after `seconds`."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port that a server left a second ago is free, as it will be for the server itself.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
