"""PostgreSQL, Redis and a secret key for a machine that has been given none.

`ensure_servers()` fills in DATABASE_URL, REDIS_URL and the keys where they are unset or empty.
Servers live as long as somebody uses them: each user holds a shared lock, the kernel drops it with
the process, and whoever lets go last stops them. `make run` is such a user, so a command given
beside it neither starts nor stops anything.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import os
import secrets
from pathlib import Path

from config import postgres_server, redis_server
from config.processes import Held, exclusive, try_lock

BASE_DIR = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").absolute()


class Lease:
    """A use of the embedded servers of one folder, from start to `end()`."""

    def __init__(self, var: Path, *, durable: bool) -> None:
        self.var, self.owner = var, os.getpid()
        self.postgres = not given("DATABASE_URL")
        self.redis = not given("REDIS_URL")
        with exclusive(var / "servers.lock"):
            self.lock = Held(var / "servers.users", shared=True, wait=True)
            try:
                self._start(durable)
            except BaseException:
                self.lock.release()
                stop_unused(var)
                raise
        atexit.register(self.end)

    def _start(self, durable: bool) -> None:
        if self.postgres:
            server = postgres_server.locate(self.var, durable=durable)
            postgres_server.start(server)
            os.environ["DATABASE_URL"] = server.url
        if self.redis:
            redis_server.start(self.var)
            os.environ["REDIS_URL"] = redis_server.url(self.var)

    def end(self) -> None:
        """Let go, and stop the servers if nobody else holds them."""
        if os.getpid() != self.owner:
            return  # a forked child's exit is not its parent's
        atexit.unregister(self.end)
        with exclusive(self.var / "servers.lock"):
            self.lock.release()
            stop_unused(self.var)


def given(name: str) -> bool:
    """True if the environment gives the setting, by value or by the name of a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def ensure_key(var: Path | None = None) -> None:
    """Random keys of this machine, in files that only this account may read.

    SIGNING_KEY is made of 32 random bytes in base64: the seed of an Ed25519 key (RFC 8032, 5.1.5).
    """
    var = var or var_dir()
    keys = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    for name, random in keys.items():
        if not given(name):
            os.environ[name] = _kept(var / name.lower(), random)


def _kept(path: Path, text: str) -> str:
    """What the file holds; `text` if there was none. Of two at once both get the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(text)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
    return path.read_text().strip()


def ensure_servers(var: Path | None = None, *, durable: bool = True) -> Lease | None:
    """Fill in what the environment leaves out; None if it gives both servers.

    Without `durable` the database does not wait for the disk: for tests only.
    Raises `config.folders.CannotStart`, whose message says what to install or set.
    """
    var = var or var_dir()
    ensure_key(var)
    if given("DATABASE_URL") and given("REDIS_URL"):
        return None
    return Lease(var, durable=durable)


def stop_unused(var: Path) -> bool:
    """Stop the servers of `var` unless somebody uses them; call it under servers.lock."""
    alone = try_lock(var / "servers.users")
    if alone is None:
        return False
    if (var / "redis").exists():
        redis_server.stop(var)
    if (var / "postgres").exists() or (var / "postgres-is-in").exists():
        postgres_server.stop(postgres_server.locate(var, durable=True))
    alone.release()
    return True
