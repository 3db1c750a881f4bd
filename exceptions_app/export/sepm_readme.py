"""The text that goes with the REST bodies: what to send, and how sure each part is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exceptions_app.export.canonical import visible
from exceptions_app.export.findings import counted
from exceptions_app.export.sepm_rules import DENIED, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exceptions_app.export.content import Package
    from exceptions_app.export.findings import Finding

_TEXT = """\
Exceptions policy for the REST interface of Symantec Endpoint Protection Manager 14, version {v}

{contents}

Files
{files}

How to send them (base address https://<server>:8446, token of a System Administrator)
  New policy        POST /sepm/api/v{v}/policies/exceptions with policy.json. The reply holds no id:
                    find it by name with GET /sepm/api/v1/policies/summary/exceptions.
  Policy is there   PATCH /sepm/api/v{v}/policies/exceptions/<id> with patch.json: it takes the
                    policy from the revision before to this one. Rules of others stay.
                    No patch.json: no rule changed.
                    PUT with policy.json instead replaces everything, rules of others included.
  Assign            the PUTs of assign.json, each "{{...}}" replaced as its "resolve" tells.
                    A group that inherits keeps its parent's policy until inheritance is off.
  Then              GET the policy and compare it with policy.json.

How sure this is
  Confirmed (public descriptions of the interface)
    - paths, methods, required members; name at most 255 characters, description 1024
    - "sha2" takes 64, 40 or 32 hex digits: SHA-256, SHA-1 or MD5
    - one policy per location; assigning replaces, and is refused where a group inherits
  Observed (in tests or scripts that others ran against a server)
    - Ignore is "applications" with IGNORE; Quarantine is "{denied}" with QUARANTINE
    - PATCH works rule by rule, "deleted": true removes a rule
    - empty members are refused, so they are left out; the assignment's body holds the id alone
  Inferred (sounds right, nobody has shown it)
    - Terminate is "{denied}" with BLOCK: the interface has no TERMINATE
    - a rule sent again with another action replaces the one with the same hash
    - deleting a rule that is not there is harmless. Rules that expired are deleted in any case;
      take them out of patch.json if the server objects.
  Not known
    - whether clients of version 14 act on SHA-1 or MD5
    - whether SEPM takes an exception for a file on Symantec's own list

"rulestate.source" is "{source}" in every rule of ours. Hashes are in upper case, as observed.

Warnings
{warnings}
"""


def readme(
    package: Package, version: int, names: Sequence[str], warnings: Iterable[Finding]
) -> bytes:
    """`names` are the other files; UTF-8, line ends as everywhere LF."""
    return _TEXT.format(
        v=version,
        contents="\n".join(contents(package)),
        files="\n".join(f"  {name}" for name in names),
        denied=DENIED[version],
        source=SOURCE,
        warnings=listed(warnings),
    ).encode("utf-8", "replace")


def contents(package: Package) -> list[str]:
    """A line per policy, and where it is in force."""
    lines = []
    for one in package.sets:
        lines.append(
            f"Policy “{visible(one.policy)}”, revision {one.number},"
            f" {counted(len(one.entries))}, SHA-256 {one.sha256}"
        )
        lines += [f"  in force on {visible(place.place)}" for place in package.places_of(one)]
    return lines


def listed(warnings: Iterable[Finding]) -> str:
    return "\n".join(f"  - {visible(str(finding))}" for finding in warnings) or "  none"
