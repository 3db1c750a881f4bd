from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Truth(StrEnum):
    LEGITIMATE = "legitimate"
    MALICIOUS = "malicious"


class Kind(StrEnum):
    ORDINARY = "ordinary"
    TROJAN = "trojan"
    KEYLOGGER = "keylogger"
    REMOTE_CONTROL = "remote_control"
    SOLD_KEYLOGGER = "sold_keylogger"


@dataclass(frozen=True, slots=True)
class Program:
    """One build of one product or piece of malware: a process of its own, since its hash is.

    Builds of a `family` have company, name, path and signer in common. A scan detects it at level
    `threshold` (1..100) and above; a threshold says nothing of the truth. `weight` is its share
    of all detections, `copies` the number of computers that have it. Fractions are of the days
    that are asked for: it is in use from `used_from` until `used_until`, and an exception of the
    administrator is in force from `excepted_from` on (None: never).
    """

    number: int
    family: int
    kind: Kind
    truth: Truth
    path: str
    application_name: str
    version: str
    company: str
    signer: str
    size: int
    sha1: str
    sha256: str
    application_type: str | None
    event_type: str
    permitted: str
    score: int
    disposition: str
    prevalence: str
    confidence: str
    first_seen: str
    download_site: str
    downloaded_by: str
    threshold: int
    weight: int
    copies: int
    first_copy: int
    is_clustered: bool
    runs_as_system: bool
    used_from: float
    used_until: float
    excepted_from: float | None
