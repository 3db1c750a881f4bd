"""The embedded servers, on folders of their own and as real processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from config import embedded, postgres_server, redis_server
from config.folders import CannotStart, socket_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SIGNING_KEY")


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that the server's own account can reach, which pytest's are not when root runs."""
    with tempfile.TemporaryDirectory(prefix="truscan-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a fresh machine, and this process's own again afterwards."""
    before = {name: os.environ.get(name) for name in GIVEN}
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("nothing_given")
def test_it_works(var: Path) -> None:
    """Started, used, held by a second user, stopped by the last, and the data is there again."""
    first = embedded.ensure_servers(var, durable=False)
    assert first is not None
    server = postgres_server.locate(var, durable=False)
    write(server, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('here')")
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()

    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ[name] = ""  # empty means the same as unset
    second = embedded.ensure_servers(var, durable=False)
    assert second is not None
    first.end()
    assert postgres_server.running(server)
    second.end()
    assert not postgres_server.running(server)

    os.environ["DATABASE_URL"] = ""
    kill_minus_nine(var, server)
    third = embedded.ensure_servers(var, durable=False)
    assert third is not None
    assert read(server, "SELECT word FROM kept") == "here"
    third.end()


@pytest.mark.usefixtures("nothing_given")
def test_a_server_that_is_just_dying_is_started_again(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill -9 the process is still listed for a moment, but answers no more."""
    is_running, rounds = postgres_server.running, iter([True, True])
    monkeypatch.setattr(
        postgres_server, "running", lambda server: next(rounds, False) or is_running(server)
    )
    lease = embedded.ensure_servers(var, durable=False)
    assert lease is not None
    assert read(postgres_server.locate(var, durable=False), "SELECT 1") == 1
    lease.end()


def kill_minus_nine(var: Path, server: postgres_server.Postgres) -> None:
    """A user of the servers that dies with them, as on a power cut, leaving its files."""
    code = (
        "import os, signal, sys, pathlib; from config import embedded, postgres_server;"
        "var = pathlib.Path(sys.argv[1]); embedded.ensure_servers(var, durable=False);"
        "s = postgres_server.locate(var, durable=False);"
        "os.kill(int((s.data / 'postmaster.pid').read_text().split()[0]), signal.SIGKILL);"
        "os.kill(int((var / 'redis/redis.pid').read_text()), signal.SIGKILL);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {k: v for k, v in os.environ.items() if k not in GIVEN}
    r = subprocess.run(
        [sys.executable, "-c", code, str(var)], cwd=embedded.BASE_DIR, env=env, check=False
    )
    assert r.returncode == -9
    assert (server.data / "postmaster.pid").exists()


def write(server: postgres_server.Postgres, *statements: str) -> None:
    with psycopg.connect(host=str(server.sockets), user="truscan", dbname="truscan") as connection:
        for statement in statements:
            connection.execute(statement.encode())


def read(server: postgres_server.Postgres, statement: str) -> object:
    with psycopg.connect(host=str(server.sockets), user="truscan", dbname="truscan") as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


@pytest.mark.usefixtures("nothing_given")
def test_it_starts_nothing_when_both_are_given(var: Path) -> None:
    os.environ["DATABASE_URL"] = "postgres://somewhere/else"
    os.environ["REDIS_URL"] = "none"
    assert embedded.ensure_servers(var) is None
    assert sorted(p.name for p in var.iterdir()) == ["secret_key", "signing_key"]


@pytest.mark.usefixtures("nothing_given")
def test_the_key_is_random_kept_and_private(var: Path) -> None:
    embedded.ensure_key(var)
    key = os.environ["SECRET_KEY"]
    os.environ["SECRET_KEY"] = ""
    embedded.ensure_key(var)
    assert os.environ["SECRET_KEY"] == key
    assert len(key) >= 50
    assert stat.S_IMODE((var / "secret_key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("nothing_given")
def test_a_key_from_a_file_is_left_alone(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secrets/key")
    embedded.ensure_key(var)
    assert "SECRET_KEY" not in os.environ
    assert not (var / "secret_key").exists()


def test_an_old_pid_is_not_taken_for_the_server(var: Path) -> None:
    data = var / "postgres"
    data.mkdir()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1700000000\n5432\n\n\n")
    server = postgres_server.Postgres(data, data, var, os.geteuid(), os.getegid(), durable=False)
    assert not postgres_server.running(server)


def test_a_long_path_gets_a_short_private_folder_for_the_socket(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30)
    short = socket_folder(data, os.geteuid())
    assert len(str(short)) < 90
    assert stat.S_IMODE(short.stat().st_mode) == 0o700
    short.rmdir()


def test_without_redis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotStart, match=r"redis-server.*REDIS_URL=none"):
        redis_server.program()
