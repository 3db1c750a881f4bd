"""Answer what a client of a group does with a file, from a policy file (truscan-policy/1).

    python read_policy_file.py bundle.json "My Company\\Sales" VPN sha256:ab12...

Prints ignore, quarantine, terminate or none. Python's standard library only; copy it freely.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any


def read(text: str) -> dict[str, Any]:
    """The document, if it is one of ours and whole; ValueError if not."""
    document: dict[str, Any] = json.loads(text)
    if document.get("format") != "truscan-policy/1":
        raise ValueError(f"not a policy file of version 1: {document.get('format')!r}")
    content = {key: value for key, value in document.items() if key != "content_sha256"}
    compact = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(compact.encode()).hexdigest() != document["content_sha256"]:
        raise ValueError("the file was changed after it was written")
    return document


def rules_at(document: dict[str, Any], group: str, location: str | None) -> list[dict[str, Any]]:
    """The rules in force; a location that the file does not list gets those of its group."""
    places = [place for place in document["in_force"] if place["group"] == group]
    named = {place["location"]: place for place in places}
    place = named.get(location) or named.get(None)
    if place is None or place["revision"] is None:
        raise ValueError(f"the file says nothing of {group}")
    policies = {policy["name"]: policy for policy in document["policies"]}
    rules: list[dict[str, Any]] = policies[place["policy"]]["rules"]
    return rules


def response(rules: list[dict[str, Any]], file_hash: str) -> str:
    found = [rule["response"] for rule in rules if file_hash in rule["hashes"]]
    return found[0] if found else "none"


if __name__ == "__main__":
    path, group, location, file_hash = sys.argv[1:]
    document = read(Path(path).read_text("utf-8"))
    print(response(rules_at(document, group, location or None), file_hash))  # noqa: T201
