"""Import speed, as a ratio to COPY of the same rows into a bare table in the same run.

The rows are the synthetic fleet's. The bare table has 35 typed columns of the console export and
no index; the 7 that are left out are the three long reputation sentences and four that are nearly
always empty, so that a row has about 510 bytes. Seconds of an import are those from its claim to
its last commit.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from bench.scratch import manage, scratch_database

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 1_000_000
BOUNDS = {
    "console_csv_ratio": 4.5,
    "label_ratio": 5.0,
    "known_ratio": 3.5,
    "peak_rss_mb": 300.0,
}
_LEFT_OUT = {
    "Prevalence", "Confidence", "First Seen", "Description", "Source computer", "Source IP",
    "Web domain",
}  # fmt: skip
_TYPES = {
    "File size (bytes)": "bigint",  "Detection score": "smallint",
    "Occurrences": "integer", "Event time": "timestamptz", "Inserted": "timestamptz",
    "End": "timestamptz",
}  # fmt: skip
_PIECE = 1 << 18
Figures = dict[str, float]


def run(rows: int | None = None) -> dict[str, Any]:
    """Three imports, each beside COPY of its rows: new console CSV, the same known, label form."""
    rows = rows or ROWS
    figures: Figures = {"rows": rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        plain, known, label = (Path(folder) / name for name in ("a.csv", "b.csv", "c.log"))
        with scratch_database() as (url, env):
            _fleet(env, rows, "console-csv", plain)
            bare = Path(folder) / "bare.csv"
            figures["bytes_a_row"] = round(_narrow(plain, bare) / rows)
            # Other bytes, same rows: a blank first line is enough for another hash.
            with plain.open("rb") as source, known.open("wb") as target:
                target.write(b"\r\n")
                shutil.copyfileobj(source, target)
            base = _measure(figures, "console_csv", env, plain, url, bare)
            _measure(figures, "known", env, known, url, bare)
        with scratch_database() as (url, env):
            _fleet(env, rows, "labelled-g2", label)
            _measure(figures, "label", env, label, url, bare)
    figures["copy_rows_a_second"] = round(rows / base)
    ok = all(figures[name] <= bound for name, bound in BOUNDS.items())
    return {"name": "ingest", "figures": figures, "bounds": BOUNDS, "ok": ok}


def _fleet(env: dict[str, str], rows: int, form: str, path: Path) -> None:
    words = ("--rows", str(rows), "--seed", "7", "--form", form, "--out", str(path))
    manage(env, "make_fleet", *words)


def _measure(
    figures: Figures, name: str, env: dict[str, str], path: Path, url: str, bare: Path
) -> float:
    """COPY before and after the import; the mean of both is what it is compared with."""
    before = _copy(url, bare)
    seconds, rss, receipt = _import(env, path)
    base = (before + _copy(url, bare)) / 2
    figures[f"{name}_ratio"] = round(seconds / base, 2)
    figures[f"{name}_rows_a_second"] = round(figures["rows"] / seconds)
    figures["peak_rss_mb"] = max(figures.get("peak_rss_mb", 0.0), round(rss, 1))
    print(
        f"{name}: {seconds:.1f} s, COPY {base:.1f} s, ratio {seconds / base:.2f}, "
        f"{figures['rows'] / seconds:,.0f} rows/s, {rss:.0f} MB; {receipt}",
        flush=True,
    )
    return base


def _narrow(path: Path, bare: Path) -> int:
    """Write the columns of the bare table; returns the number of bytes."""
    with path.open(newline="") as source, bare.open("w", newline="") as target:
        rows = csv.reader(source)
        header = next(rows)
        keep = [n for n, name in enumerate(header) if name not in _LEFT_OUT]
        out = csv.writer(target)
        out.writerow([header[n] for n in keep])
        out.writerows([row[n] for n in keep] for row in rows)
    return bare.stat().st_size


def _copy(url: str, bare: Path) -> float:
    """Seconds of COPY into a fresh logged table without any index."""
    with bare.open(newline="") as file:
        columns = next(csv.reader(file))
    typed = ", ".join(f'"{name}" {_TYPES.get(name, "text")}' for name in columns)
    with psycopg.connect(url, autocommit=True) as db, bare.open("rb") as file:
        db.execute("SET timezone TO 'UTC'")
        db.execute("DROP TABLE IF EXISTS bare")
        db.execute(f"CREATE TABLE bare ({typed})")
        started = time.monotonic()
        with db.cursor().copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            for piece in _pieces(file):
                copy.write(piece)
        seconds = time.monotonic() - started
        db.execute("DROP TABLE bare")
    return seconds


def _pieces(file: io.BufferedReader) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _import(env: dict[str, str], path: Path) -> tuple[float, float, str]:
    """(seconds, peak resident memory in MB, the receipt) of a process of its own."""
    with tempfile.TemporaryFile() as told:
        command = [sys.executable, "manage.py", "import_log", str(path)]
        process = subprocess.Popen(command, env=env, stdout=told, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        told.seek(0)
        answer = told.read().decode()
    if status:
        raise SystemExit(f"The import failed: {answer}")
    receipt = json.loads(answer)["imports"][0]
    kept = ("read", "inserted", "updated", "duplicate", "ignored", "rejected")
    short = ", ".join(f"{name} {receipt[name]:,}" for name in kept)
    return float(receipt["seconds"]), usage.ru_maxrss / 1024, short
