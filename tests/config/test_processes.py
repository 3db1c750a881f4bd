from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from config.processes import MARK, end, marked, port_is_free, try_lock

if TYPE_CHECKING:
    from pathlib import Path

WAITS = "import signal, sys; sys.stdin.readline()"


def test_what_a_killed_supervisor_left_is_found_by_its_mark(tmp_path: Path) -> None:
    env = {**os.environ, MARK: str(tmp_path)}
    line = [sys.executable, "-c", WAITS]
    with subprocess.Popen(line, env=env, stdin=subprocess.PIPE, start_new_session=True) as ours:
        assert [p.pid for p in marked(tmp_path)] == [ours.pid]
        assert marked(tmp_path / "another") == []
        end(marked(tmp_path))
        ours.wait(5)
    assert marked(tmp_path) == []


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, sys; signal.signal(15, signal.SIG_IGN); print(); sys.stdin.readline()"
    line = [sys.executable, "-uc", deaf]
    env = {**os.environ, MARK: str(tmp_path)}
    with subprocess.Popen(line, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        end(marked(tmp_path), seconds=0.2)
        process.wait(5)
    assert marked(tmp_path) == []


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    first = try_lock(tmp_path / "lock")
    assert first is not None
    assert try_lock(tmp_path / "lock") is None
    first.release()
    second = try_lock(tmp_path / "lock")
    assert second is not None
    second.release()


def test_a_busy_port_is_seen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free("127.0.0.1", port)
    assert port_is_free("127.0.0.1", port)
