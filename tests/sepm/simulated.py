"""A SEPM 14.3 as far as public descriptions and test runs tell of it, faults included.

What nobody has observed is a knob, so that tests can try both: how a PATCH finds the rule it
changes (`matches_whole`), whether `source` comes back (`keeps_source`).
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

SHA2 = re.compile(r"(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})\Z")
LISTS = {1: "blacklistrules", 2: "denylistrules"}
PLAIN = ("applications", "applications_to_monitor", "files", "directories", "knownrisks",
         "webdomains", "certificates", "non_pe_rules", "dns_and_host_applications",
         "tamper_files")  # fmt: skip
USER, PASSWORD = "admin", "a pass word, secret"


def sepm_id(text: str) -> str:
    """32 upper-case hex digits."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


class Answer(Exception):
    """Any answer that is not the plain 200 with JSON."""

    def __init__(self, status: int, body: Any = None) -> None:
        self.status, self.body = status, body


def error(code: int, message: str) -> Answer:
    """Codes are strings."""
    return Answer(code, {"errorCode": str(code), "appErrorCode": "", "errorMessage": message})


class Dies(Exception):
    """The connection ends without an answer."""


@dataclass
class Simulated:
    """`faults` maps a request ("PATCH policies", a method and a part of the path) to what happens,
    a list that is used up: "die" (before it is done), "die after" (done, but no answer), a status,
    a status with a body, or "text" (an error text where JSON should be)."""

    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    locations: dict[str, dict[str, str]] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    assigned: dict[tuple[str, str], str] = field(default_factory=dict)
    computers: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[Any]] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    token_seconds: float = 43_200
    matches_whole: bool = False
    keeps_source: bool = True
    seen: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    # what tests say of it

    def group(self, path: str, *, inherits: bool | None = False, **more: Any) -> str:
        pk = sepm_id(path)
        self.groups[pk] = {
            "id": pk,
            "name": path.rpartition("\\")[2],
            "fullPathName": path,
            "domain": {"id": sepm_id("Default"), "name": "Default"},
            "policySerialNumber": f"{pk[:4]}-07/19/2017 05:55:53 163",
            "policyDate": 1500443753163,
            "defaultLocationId": sepm_id(path + " Default"),
            "childGroups": None,
            **({} if inherits is None else {"policyInheritanceEnabled": inherits}),
            **more,
        }
        self.locations[pk] = {"Default": sepm_id(path + " Default")}
        return pk

    def location(self, path: str, name: str) -> str:
        self.locations[sepm_id(path)][name] = pk = sepm_id(f"{path} {name}")
        return pk

    def policy(self, name: str, **configuration: Any) -> str:
        pk = sepm_id("policy " + name)
        self.policies[pk] = {
            "name": name,
            "desc": "Created by hand.",
            "enabled": True,
            "lastmodifiedtime": 1720451135816,
            "configuration": configuration,
        }
        return pk

    def computer(self, name: str, path: str, serial: str = "") -> None:
        group = self.groups[sepm_id(path)]
        self.computers.append(
            {
                "computerName": name,
                "group": {"id": group["id"], "name": path, "domain": group["domain"]},
                "profileSerialNo": serial or group["policySerialNumber"],
                "deleted": 0,
            }
        )

    def rules(self, policy_id: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.policies[policy_id]["configuration"].get(name, [])
        return found

    # what it answers

    def handle(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Any:
        with self.lock:
            self.seen.append(f"{method} {path}")
            self.bodies.append(body)
            fault = self._fault(method, path)
            if fault == "die":
                raise Dies
            if fault == "text":
                raise Answer(200, "An unexpected error occurred. Contact your administrator.")
            if isinstance(fault, tuple):
                raise Answer(*fault)
            if isinstance(fault, int):
                raise error(fault, f"Simulated {fault}")
            try:
                return self._routed(method, path, query, body, token)
            finally:
                if fault == "die after":
                    raise Dies

    def _fault(self, method: str, path: str) -> Any:
        for asked, waiting in self.faults.items():
            wanted, _, part = asked.partition(" ")
            if waiting and wanted == method and part in path:
                return waiting.pop(0)
        return None

    def _routed(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Any:
        version, _, rest = path.partition("/")
        if (method, rest) == ("POST", "identity/authenticate"):
            return self._authenticate(body)
        if self.tokens.get(token, 0.0) <= time.monotonic():
            raise error(401, "Invalid or expired token")
        if (method, rest) == ("POST", "identity/logout"):
            self.tokens.pop(token)
            raise Answer(204)
        if method == "GET":
            return self._get(rest.split("/"), query, int(version[1:]))
        match method, rest.split("/"):
            case "PUT", ["groups", group, "locations", location, "policies", "exceptions"]:
                return self._assign(group, location, body)
            case "POST", ["policies", "exceptions"]:
                return self._create(body)
            case "PATCH", ["policies", "exceptions", pk]:
                return self._patch(self._there(self.policies, pk), body, int(version[1:]))
        raise error(404, f"Simulated: no {method} {path}")

    def _get(self, parts: list[str], query: dict[str, str], version: int) -> Any:
        match parts:
            case ["groups"]:
                return self._page(list(self.groups.values()), query)
            case ["computers"]:
                return self._page(self.computers, query)
            case ["groups", group, "locations"]:
                names = self.locations[self._there(self.groups, group)]
                told = [f"{name}:api/v1/locations/{pk}" for name, pk in names.items()]
                return told[0] if len(told) == 1 else told
            case ["policies", "summary", "exceptions"]:
                return self._page([self._summary(pk) for pk in self.policies], query)
            case ["policies", "exceptions", pk]:
                return self._read(self._there(self.policies, pk), version)
        raise error(404, f"Simulated: no {parts}")

    def _there(self, among: dict[str, Any], pk: str) -> str:
        if pk not in among:
            raise error(410, f"Object with ID {pk} do not exist")
        return pk

    def _authenticate(self, body: Any) -> dict[str, Any]:
        if (body.get("username"), body.get("password")) != (USER, PASSWORD):
            raise error(401, f"Invalid credentials for {body.get('username')}: {body['password']}")
        token = secrets.token_hex(16)
        self.tokens[token] = time.monotonic() + self.token_seconds
        return {"token": token, "tokenExpiration": self.token_seconds, "refreshToken": "r"}

    def _page(self, rows: list[Any], query: dict[str, str]) -> dict[str, Any]:
        index, size = int(query.get("pageIndex", 1)), min(int(query.get("pageSize", 25)), 3)
        part = rows[(index - 1) * size : index * size]
        pages = max(-(-len(rows) // size), 1)
        return {
            "content": copy.deepcopy(part),
            "number": index - 1,
            "size": size,
            "numberOfElements": len(part),
            "totalElements": len(rows),
            "totalPages": pages,
            "firstPage": index == 1,
            "lastPage": index >= pages,
            "sort": None,
        }

    def _summary(self, pk: str) -> dict[str, Any]:
        at: dict[str, list[str]] = {}
        for (group, location), policy in self.assigned.items():
            if policy == pk:
                at.setdefault(group, []).append(location)
        places = [
            {
                "groupId": group,
                "defaultLocationId": self.groups[group]["defaultLocationId"],
                "locationIds": found,
                "groupNameFullPath": self.groups[group]["fullPathName"],
            }
            for group, found in at.items()
        ]
        body = self.policies[pk]
        return {
            "id": pk,
            "name": body["name"],
            "desc": body["desc"],
            "enabled": body["enabled"],
            "lastmodifiedtime": body["lastmodifiedtime"],
            "policytype": "exceptions",
            "sources": [],
            "assignedtocloudgroups": None,
            "assignedtolocations": places or None,
        }

    def _assign(self, group: str, location: str, body: Any) -> None:
        found = self.groups[self._there(self.groups, group)]
        if found.get("policyInheritanceEnabled"):
            raise error(400, "The group inherits its policies")
        if location == "default":
            location = found["defaultLocationId"]
        if location not in self.locations[group].values():
            raise error(410, "No such location")
        self.assigned[group, location] = self._there(self.policies, body["id"])

    def _create(self, body: Any) -> None:
        if any(one["name"].casefold() == body["name"].casefold() for one in self.policies.values()):
            raise error(409, "A policy of this name exists")
        pk = sepm_id("made " + body["name"])
        self.policies[pk] = {"lastmodifiedtime": 1, "configuration": {}, **body}
        raise Answer(201)

    def _read(self, pk: str, version: int) -> dict[str, Any]:
        """Every list is there, `extension_list` is null, and of some keys there are two spellings.

        The other version's word for the deny list is not known to this one.
        """
        told = copy.deepcopy(self.policies[pk])
        lists = {name: [] for name in (*PLAIN, LISTS[version])} | told["configuration"]
        if (other := lists.pop(LISTS[3 - version], None)) is not None:
            lists[LISTS[version]] = other
        for rule in lists["files"]:
            rule["sonar"] = rule["SONAR"] = bool(rule.get("sonar") or rule.get("SONAR"))
        for rule in lists["directories"]:
            rule["directory"] = rule["directory"].rstrip("\\") + "\\"
        told["configuration"] = lists | {"extension_list": None, "mac": {"files": []}}
        return told | {"sources": [], "lockedoptions": {"sonar": True}}

    def _patch(self, pk: str, body: Any, version: int) -> None:
        given = body.get("configuration", {})
        for name, rows in given.items():
            if name not in (*PLAIN, LISTS[version]):
                raise error(400, f"Unrecognized field {name}")
            if not rows:
                raise error(400, f"{name} must not be empty")
            for rule in rows:
                self._change(pk, LISTS[2] if name == LISTS[version] else name, rule)
        told = self.policies[pk]
        told |= {key: body[key] for key in ("name", "desc", "enabled") if key in body}
        told["lastmodifiedtime"] += 1000

    def _change(self, pk: str, name: str, given: Any) -> None:
        rule = copy.deepcopy(given)
        is_deleted = rule.pop("deleted", False)
        if not SHA2.match(rule["processfile"]["sha2"]):
            raise error(400, "sha2 is no hash")
        if not self.keeps_source:
            rule["rulestate"].pop("source", None)
        rows = self.policies[pk]["configuration"].setdefault(name, [])
        same = [one for one in rows if self._is_same(one, rule)]
        if is_deleted:
            rows[:] = [one for one in rows if one not in same]
        elif same:
            rows[rows.index(same[0])] = rule
        else:
            rows.append(rule)

    def _is_same(self, one: Any, other: Any) -> bool:
        if self.matches_whole:
            return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
        return bool(one["processfile"]["sha2"].upper() == other["processfile"]["sha2"].upper())
