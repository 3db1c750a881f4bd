from __future__ import annotations

from truscan.logs.labels import DESCRIPTION_SLOT, PATH_SLOT, SUBMISSIONS

# The order in which each generation writes its labels (LOG-FORMATS 2.2). Reading does not need
# it; the writer of synthetic lines does.
_PROCESS = (
    "Application name|Application type|Application version|Hash type|Application hash|"
    "Company name|File size (bytes)|Sensitivity|Detection score"
)
_REPUTATION = (
    "Disposition|Download site|Web domain|Downloaded by|Prevalence|Confidence|"
    "URL Tracking Status|Risk Level"
)
_OUTCOME = "Actual action|Requested action|Secondary action|Event time"
_SHORT_PLACE = "Inserted|End|Domain|Group|Server|User|Source computer|Source IP"
_LONG_PLACE = (
    "Event Insert Time|End Time|Domain Name|Group Name|Server Name|User Name|"
    "Source Computer Name|Source Computer IP"
)
_LONG_RISK_PLACE = _LONG_PLACE.replace("End Time|", "End Time|Last update time|")
_CERTIFICATE = (
    "Intensive Protection Level|Certificate issuer|Certificate signer|Certificate thumbprint|"
    "Signing timestamp|Certificate serial number"
)
_SLOTS = f"Occurrences|{PATH_SLOT}|{DESCRIPTION_SLOT}"
_ENGINE = f"COH Engine Version|{SUBMISSIONS}"


def _order(*parts: str) -> tuple[str, ...]:
    return tuple("|".join(parts).split("|"))


_SONAR = _order(
    "Computer name|IP Address|Detection type|First Seen", _PROCESS, _ENGINE,
    "Permitted application reason", _REPUTATION, "Detection Source|Source|Risk name", _SLOTS,
    _OUTCOME, _SHORT_PLACE,
)  # fmt: skip

GENERATIONS: dict[str, tuple[str, ...]] = {
    "labelled-g1": _order(
        "Computer name|IP Address|Detection type", _PROCESS,
        "Submission recommendation|Permitted application reason|Source|Risk name", _SLOTS,
        _OUTCOME, _SHORT_PLACE,
    ),
    "labelled-g2": _SONAR,
    "labelled-g3": _SONAR,
    "labelled-g4": _order(
        "Computer name|IP Address|Detection type|First Seen", _PROCESS, _ENGINE,
        "Permitted application reason", _REPUTATION, "Risk type|Source|Risk name", _SLOTS,
        _OUTCOME, _SHORT_PLACE, _CERTIFICATE,
    ),
    "labelled-g5": _order(
        "Computer name|IP Address|Detection type|First Seen", _PROCESS, _ENGINE,
        "Allowed application reason", _REPUTATION, "Risk type|Source|Risk name|Occurrences",
        "File path|Description", _OUTCOME, _LONG_PLACE, "Location", _CERTIFICATE,
    ),
    "risk": _order(
        "IP Address|Computer name|Source|Risk name|Occurrences|File path|Description", _OUTCOME,
        _LONG_RISK_PLACE, _REPUTATION.removesuffix("|Risk Level"),
        "First Seen|Sensitivity|Allowed application reason|Application hash|Hash type",
        "Company name|Application name|Application version|Application type|File size (bytes)",
        "Category set|Category type|Location", _CERTIFICATE,
    ),
}  # fmt: skip

# What a labelled form always writes, even if the record has no value: the labels of the optional
# address are left out with their value (NetWitness has both kinds of line).
OPTIONAL = frozenset({"IP Address"})
# Spelling of the hash types per family (2.3).
HASH_NAMES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256"}
RISK_HASH_NAMES = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA2"}
