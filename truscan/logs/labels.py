from __future__ import annotations

# Every label that SEPM writes into the proactive and the risk log, in all spellings, and the
# field of LogRecord that it fills (LOG-FORMATS 2.2). None: kept in `extra` under the label.
LABELS: dict[str, str | None] = {
    "Computer name": "computer",
    "IP Address": "ip_address",
    "Detection type": "detection_type",
    "First Seen": "first_seen",
    "Application name": "application_name",
    "Application type": "application_type",
    "Application version": "application_version",
    "Hash type": "hash_type",
    "Application hash": "hash",
    "Company name": "company_name",
    "File size (bytes)": "file_size",
    "Sensitivity": "sensitivity",
    "Detection score": "detection_score",
    "COH Engine Version": "engine_version",
    "Submission recommendation": None,
    "Permitted application reason": "permitted_reason",
    "Allowed application reason": "permitted_reason",
    "Disposition": "disposition",
    "Download site": "download_site",
    "Web domain": "web_domain",
    "Downloaded by": "downloaded_by",
    "Prevalence": "prevalence",
    "Confidence": "confidence",
    "URL Tracking Status": None,
    "Risk Level": "risk_level",
    "Detection Source": None,
    "Risk type": None,
    "Source": "source",
    "Risk name": "risk_name",
    "Occurrences": "occurrences",
    "File path": "file_path",
    "Description": "description",
    "Actual action": "actual_action",
    "Requested action": "requested_action",
    "Secondary action": "secondary_action",
    "Event time": "event_at",
    "Inserted": "inserted_at",
    "Event Insert Time": "inserted_at",
    "End": "end_at",
    "End Time": "end_at",
    "Last update time": None,
    "Domain": "domain",
    "Domain Name": "domain",
    "Group": "group",
    "Group Name": "group",
    "Server": "server",
    "Server Name": "server",
    "User": "user",
    "User Name": "user",
    "Source computer": "source_computer",
    "Source Computer Name": "source_computer",
    "Source IP": "source_ip",
    "Source Computer IP": "source_ip",
    "Category set": None,
    "Category type": None,
    "Location": "location",
    "Intensive Protection Level": None,
    "Certificate issuer": None,
    "Certificate signer": "signer",
    "Certificate thumbprint": None,
    "Signing timestamp": None,
    "Certificate serial number": None,
}
# scm.syslog.agentinfo=ON adds up to four adapters, in two spellings.
for _n in range(1, 5):
    for _label in (f"IP Address {_n}", f"MAC Address {_n}", f"GATEWAY IP {_n}"):
        LABELS[_label] = None
    for _label in (f"IP Address{_n}", f"MAC Address{_n}", f"GATEWAY{_n}"):
        LABELS[_label] = None

# The one label without a colon: `Detection Submissions No`.
SUBMISSIONS = "Detection Submissions"
LABELS[SUBMISSIONS] = None

# Two-word labels by which some forwarders run values together without a comma:
# `Domain Name: DefaultGroup Name: My Company`.
GLUED = ("Group Name", "Server Name", "User Name", "Source Computer Name", "Source Computer IP")

# Labels that prove a generation. They are looked for, never the product version.
LONG_ONLY = frozenset(
    {"Event Insert Time", "Domain Name", "Group Name", "Server Name", "User Name"}
    | {"Source Computer Name", "Source Computer IP", "Allowed application reason"}
)
CERTIFICATE_ONLY = frozenset({"Intensive Protection Level", "Risk type", "Certificate signer"})
REPUTATION_ONLY = frozenset({"First Seen", "COH Engine Version", SUBMISSIONS, "Disposition"})

REASONS = frozenset({"Permitted application reason", "Allowed application reason"})

# The two slots without a label behind Occurrences, and the one behind Sensitivity.
PATH_SLOT = "\x00path"
DESCRIPTION_SLOT = "\x00description"
REASON_SLOT = "\x00reason"
SLOTS = {
    PATH_SLOT: "file_path",
    DESCRIPTION_SLOT: "description",
    REASON_SLOT: "permitted_reason",
}


def field_of(label: str) -> str | None:
    """The LogRecord field of a label or slot; None if it belongs into `extra`."""
    return SLOTS.get(label) or LABELS.get(label)
