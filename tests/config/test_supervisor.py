"""The supervisor as a real process, on the database and broker of these tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from config.embedded import BASE_DIR
from config.processes import marked
from tests.database import database_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.django_db(transaction=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The test database for the supervisor's processes, and no broker: two processes suffice."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": "none",
        "VAR_DIR": str(tmp_path),
        "PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO": "0",
        # Compressing the API pages' files takes longer than all else; they change with the lock.
        "STATIC_ROOT": str(BASE_DIR / "var" / "test" / "static-hashed"),
    }


@pytest.fixture
def supervisor(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with started(env) as process:
        yield process
        if process.poll() is None:
            process.kill()
    call(env, "stop")


def started(env: dict[str, str]) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "config.supervisor", "run"]
    return subprocess.Popen(line, cwd=BASE_DIR, env=env, text=True, stdout=subprocess.PIPE)


def call(env: dict[str, str], word: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "config.supervisor", word]
    return subprocess.run(line, cwd=BASE_DIR, env=env, text=True, capture_output=True, check=False)


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail("".join(lines))


def fetch(env: dict[str, str], path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{env['PORT']}{path}", timeout=10) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def test_it_works(supervisor: subprocess.Popen[str], env: dict[str, str], tmp_path: Path) -> None:
    """From the first start to its end, with a second one and a killed one on the way."""
    first = read_until(supervisor, "is at http")
    assert any("Sign in as admin with the password" in line for line in first)
    assert fetch(env, "/healthz") == (200, "ok\n")
    checks: dict[str, Any] = json.loads(fetch(env, "/readyz")[1])["checks"]
    assert checks["database"]["ok"]
    assert checks["migrations"] == {"ok": True, "waiting": 0}

    again = call(env, "run")
    assert again.returncode == 1
    assert "It is running already" in again.stdout

    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(5)
    assert marked(tmp_path)
    with started(env) as second:
        later = read_until(second, "is at http")
        assert not any("password" in line for line in later)
        second.send_signal(signal.SIGINT)
        assert second.wait(30) == 0
    assert marked(tmp_path) == []


def test_a_busy_port_is_named_before_anything_starts(env: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(env["PORT"])))
        taken.listen()
        r = call(env, "run")
    assert r.returncode == 1
    assert f"Port {env['PORT']} is used by another program" in r.stdout
    assert "make run PORT=" in r.stdout
    assert not (tmp_path / "servers.lock").exists()
