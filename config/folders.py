"""Where servers keep their data: reachable by their own account, closed to everyone else."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# A path of a Unix socket has room for 107 bytes; PostgreSQL's file name takes 15 of them.
LONGEST_SOCKET_FOLDER = 90
ACCOUNT = "truscan-postgres"


class CannotStart(Exception):
    """An embedded server cannot run here; the message says what to do."""


def digest(folder: Path) -> str:
    """A short name for a folder, the same on every start."""
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]


def is_root() -> bool:
    return os.geteuid() == 0


def reachable(path: Path) -> bool:
    """True if every account may walk to `path`: each folder above it lets others through."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def home_for_account(var: Path) -> Path:
    """A folder that another account can reach: `var`, or one in /var/lib if `var` is private.

    Opening a private home for a database's sake would open it for everybody.
    """
    if reachable(var / "postgres"):
        return var
    home = Path("/var/lib") / f"truscan-{digest(var)}"
    home.mkdir(mode=0o755, exist_ok=True)
    (var / "postgres-is-in").write_text(f"{home}\n")
    return home


def server_account() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root; make it an account without a shell or a home."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and there is no useradd to make it an account. "
            "Run as an ordinary user, install the package passwd, or set DATABASE_URL."
        )
    line = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent"]
    subprocess.run([*line, "--shell", "/usr/sbin/nologin", ACCOUNT], check=True)  # noqa: S603
    return pwd.getpwnam(ACCOUNT)


def socket_folder(data: Path, owner: int) -> Path:
    """`data` itself, or a private folder with a short name if the path is too long."""
    if len(os.fsencode(data)) <= LONGEST_SOCKET_FOLDER:
        return data
    short = Path(tempfile.gettempdir()) / f"truscan-{digest(data)}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid not in {owner, os.geteuid()}:
        raise CannotStart(f"{short} belongs to somebody else; remove it or shorten the path.")
    os.chown(short, owner, -1)
    short.chmod(0o700)
    return short
