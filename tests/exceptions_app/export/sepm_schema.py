"""What public descriptions say of exceptions bodies, as far as we write them, as a JSON Schema."""

from __future__ import annotations

from typing import Any

NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r'^[^/\\*?<>:"|]+$'}
FILE = {
    "type": "object",
    "required": ["sha2"],
    "additionalProperties": False,
    "properties": {
        "sha2": {"pattern": "^([0-9A-F]{64}|[0-9A-F]{40}|[0-9A-F]{32})$"},
        "name": {"type": "string", "minLength": 1},
        "company": {"type": "string", "minLength": 1},
        "size": {"type": "integer"},
    },
}


def _rules(actions: list[str], patch: bool) -> dict[str, Any]:
    needed = ["processfile", "action", "rulestate", *(["deleted"] if patch else [])]
    members: dict[str, Any] = {
        "processfile": FILE,
        "action": {"enum": actions},
        "rulestate": {
            "type": "object",
            "required": ["enabled", "source"],
            "properties": {"enabled": {"const": True}, "source": {"const": "truscan-tuning"}},
        },
    }
    if patch:
        members["deleted"] = {"type": "boolean"}
    rule = {
        "type": "object",
        "required": needed,
        "properties": members,
        "additionalProperties": False,
    }
    return {"type": "array", "minItems": 1, "items": rule}


def body(version: int, *, patch: bool) -> dict[str, Any]:
    denied = {1: "blacklistrules", 2: "denylistrules"}[version]
    members: dict[str, Any] = {
        "name": NAME,
        "desc": {"type": "string", "minLength": 1, "maxLength": 1024},
        "configuration": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                "applications": _rules(["IGNORE"], patch),
                denied: _rules(["QUARANTINE", "BLOCK"], patch),
            },
        },
    }
    if not patch:
        members["enabled"] = {"const": True}
    return {
        "type": "object",
        "required": ["name", "desc", "configuration"] if patch else ["name", "desc", "enabled"],
        "additionalProperties": False,
        "properties": members,
    }
