"""Which policy goes on which location: a list of PUTs in which ids are still to be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.export.legal_name import legal_name

if TYPE_CHECKING:
    from exceptions_app.export.content import LocationSet, Package

PATH = "/sepm/api/v1/groups/{groupId}/locations/{locationId}/policies/exceptions"


def assignments(package: Package) -> list[dict[str, Any]]:
    """One PUT per place that has an assignment of its own or inherits one, each once.

    A place that inherits is served by the PUT on the group that owns the assignment: SEPM replaces
    no policy in a group that inherits. `resolve` tells how each id is found; none is invented.
    """
    made: dict[tuple[str, str, str], dict[str, Any]] = {}
    for place in package.places:
        if place.policy is None or place.revision is None:
            continue
        group = place.owner_group or place.group
        key = (place.domain, group, place.location or "")
        put = made.setdefault(key, _put(place, group))
        put["serves"].append(place.place)
    return [made[key] for key in sorted(made)]


def _put(place: LocationSet, group: str) -> dict[str, Any]:
    resolve: dict[str, Any] = {
        "groupId": {
            "domain": place.domain,
            "fullPathName": group,
            "how": "GET /sepm/api/v1/groups, the id where fullPathName is this",
        },
        "policyId": {
            "name": legal_name(place.policy or ""),
            "how": "GET /sepm/api/v1/policies/summary/exceptions, the id where name is this",
        },
    }
    path = PATH
    if place.location is None:
        path = PATH.replace("{locationId}", "default")
    else:
        resolve["locationId"] = {
            "name": place.location,
            "how": "GET /sepm/api/v1/groups/{groupId}/locations?hasName=true, the id of this name",
        }
    return {
        "method": "PUT",
        "path": path,
        "body": {"id": "{policyId}"},
        "resolve": resolve,
        "serves": [],
    }
