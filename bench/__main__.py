"""`python -m bench [NAME] [--rows N] --json`: the last line is the result as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

NAMES = ("ingest", "triage", "pages", "bulk", "replay", "lint", "compile", "export", "ramp",
         "ramp_truth", "suggestions")  # fmt: skip


def main() -> int:
    there = [name for name in NAMES if Path(__file__).with_name(f"{name}.py").exists()]
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(there)}; else all")
    parser.add_argument("--rows", type=int, help="else what the benchmark is made for")
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    given = parser.parse_args()
    unknown = set(given.names) - set(there)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    is_ok = True
    for name in given.names or there:
        result = importlib.import_module(f"bench.{name}").run(given.rows)
        is_ok = is_ok and result["ok"]
        print(json.dumps(result))
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
