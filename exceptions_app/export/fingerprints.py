"""Lists of hashes of the Terminate decisions, for System Lockdown (not for TruScan).

Quarantine is left out: Lockdown stops a file from starting, it moves none away. Ignore must never
be in such a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.export import canonical
from exceptions_app.export.canonical import visible
from exceptions_app.export.checks import refuse, refuse_without_hash, warnings_about
from exceptions_app.export.findings import Finding, counted
from exceptions_app.export.legal_name import changed_names, folders, legal_name, refuse_nameless
from exceptions_app.export.sepm_readme import contents, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exceptions_app.export.content import Package
    from exceptions_app.export.entry import Entry, PublishedSet

# The kinds that the lists take, by their name in the interface. SHA-1 is not one of them.
KINDS = {"SHA256": "sha256", "MD5": "md5"}

_README = """\
Fingerprint lists of the Terminate decisions

{contents}

These lists feed System Lockdown, another function than TruScan: a file in a deny list does not
start at all, whether a scan detects it or not. Quarantine and Ignore decisions are not in them.

  fingerprints-v1-*.json  POST /sepm/api/v1/policy-objects/fingerprints, one list per kind of hash
  fingerprints-v2.json    POST /sepm/api/v2/policy-objects/fingerprints, both kinds of a file in one
                          member where both are known
  fingerprints.txt        a hash and a path a line, as the console imports them from checksum.exe;
                          drive and user are folded (%USERPROFILE%), the name stands for no path

Send v1, v2 or the text, not all of them. Replace {{domainId}} by the id of the domain. A list of
that name that exists is answered with 409. Then
PUT /sepm/api/v1/groups/<group id>/system-lockdown/fingerprints/<list id>;
it is answered with 422 where System Lockdown is off.

Confirmed (public descriptions): paths, members, kinds of hash, the two answers, the text's import.
Observed: hashes in lower case. Inferred: that a list for Lockdown is what a Terminate decision
wants; decide that for your site.

Warnings
{warnings}
"""


def warnings(package: Package) -> list[Finding]:
    """Those of every target, changed names, and what the lists leave out."""
    found = [*warnings_about(package), *changed_names(package)]
    return sorted([*found, *(f for one in package.sets for f in _left_out(one))])


def files(package: Package) -> dict[str, bytes]:
    """The lists per policy. ExportRefused also when nothing can be listed."""
    refuse_without_hash(package)
    refuse_nameless(package)
    _refuse_empty(package)
    made: dict[str, bytes] = {}
    for folder, one in zip(folders(package), package.sets, strict=True):
        listed_entries = [entry for entry in one.entries if _can_be_listed(entry)]
        if listed_entries:
            for name, body in _lists(one, listed_entries):
                made[folder + name] = body
    made["README.txt"] = _README.format(
        contents="\n".join(contents(package)), warnings=listed(warnings(package))
    ).encode("utf-8", "replace")
    return dict(sorted(made.items()))


def _lists(one: PublishedSet, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    description = f"Terminate decisions of revision {one.number}, {one.sha256}"
    for kind, mark in KINDS.items():
        if data := sorted({digits for entry in entries for digits in entry.digests(mark)}):
            yield (
                f"fingerprints-v1-{mark}.json",
                canonical.pretty(
                    {
                        "name": legal_name(f"{one.policy} Terminate {kind}"),
                        "description": description,
                        "domainId": "{domainId}",
                        "hashType": kind,
                        "data": data,
                    }
                ),
            )
    body = {
        "name": legal_name(f"{one.policy} Terminate"),
        "description": description,
        "domainId": "{domainId}",
        "data": _maps(entries),
    }
    yield "fingerprints-v2.json", canonical.pretty(body)
    yield "fingerprints.txt", _text(entries)


def _maps(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """A map per file, or one per hash where a file has several of a kind."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for entry in entries:
        kinds: dict[str, Any] = {k: entry.digests(m) for k, m in KINDS.items() if entry.digests(m)}
        if all(len(digests) == 1 for digests in kinds.values()):
            one = {kind: digests[0] for kind, digests in kinds.items()}
            found[one.get("SHA256", ""), one.get("MD5", "")] = one
            continue
        for kind, digests in kinds.items():
            for digits in digests:
                found[(digits, "") if kind == "SHA256" else ("", digits)] = {kind: digits}
    return [found[key] for key in sorted(found)]


def _text(entries: Sequence[Entry]) -> bytes:
    lines = {
        f"{digits} {visible(entry.path or entry.name)}".rstrip()
        for entry in entries
        for mark in KINDS.values()
        for digits in entry.digests(mark)
    }
    return "".join(f"{line}\r\n" for line in sorted(lines)).encode("utf-8", "replace")


def _can_be_listed(entry: Entry) -> bool:
    return entry.response == "terminate" and any(entry.digests(mark) for mark in KINDS.values())


def _refuse_empty(package: Package) -> None:
    if not any(_can_be_listed(entry) for one in package.sets for entry in one.entries):
        refuse(
            Finding(
                "nothing_to_list",
                one.policy,
                "",
                "No Terminate decision has a SHA-256 or an MD5, so there is no list to write.",
                "Decide Terminate for a process, link the file's SHA-256, and publish.",
            )
            for one in package.sets
        )


def _left_out(one: PublishedSet) -> Iterator[Finding]:
    sha1_only = [e for e in one.entries if e.response == "terminate" and not _can_be_listed(e)]
    if sha1_only:
        yield Finding(
            "no_sha256",
            one.policy,
            "",
            f"Terminate: {counted(len(sha1_only), 'is', 'are')} left out,"
            " lists take SHA-256 and MD5 only.",
            "Link the file's SHA-256 to the process, and publish.",
        )
    if count := sum(1 for entry in one.entries if entry.response == "quarantine"):
        yield Finding(
            "quarantine_left_out",
            one.policy,
            "",
            f"Quarantine: {counted(count, 'is', 'are')} left out, Lockdown moves no file away.",
            "Export them to another target.",
        )
