"""Levels and clicks in words, as the manual says them. Pure Python."""

from __future__ import annotations

NAMES = {
    "low": "Low",
    "high": "High",
    "log": "Log",
    "quarantine": "Quarantine",
    "terminate": "Terminate",
    "ignore": "Ignore",
    "defaults": "vendor defaults",
    "watched": "end of the watch",
}
# What stays set while the action changes at the end.
FULL = {"trojans": "100", "keyloggers": "High"}
SUBJECTS = {
    "trojans": "trojans and worms",
    "keyloggers": "keyloggers",
    "commercial": "commercial applications",
}


def level_name(track: str, level: str) -> str:
    """How a level is spoken of: "level 40", "Low", "100 with Quarantine"; "no level" for none."""
    if not level:
        return "no level"
    if level in ("quarantine", "terminate") and track in FULL:
        return f"{FULL[track]} with {NAMES[level]}"
    return f"level {level}" if level.isdecimal() else NAMES.get(level, level)


def clicks(track: str, policy_name: str, level: str) -> tuple[str, ...]:
    """What to do in SEPM to set a level (Solutions Guide p. 79, told in our own words)."""
    if level == "watched":
        return (
            "Read the detections since the action changed: no new legitimate process is stopped.",
            "Nothing is set in SEPM. Confirm here that the watch is over, or go back.",
        )
    opening = (
        "In SEPM open Policies, choose Antivirus and Antispyware and edit the policy "
        f"“{policy_name}”.",
        "Choose TruScan Proactive Threat Scans, then the tab Scan Details.",
    )
    closing = (
        "Close the policy with OK and wait until the clients show the new policy serial number.",
        "Come back here and confirm the level.",
    )
    return (*opening, *_setting(track, level), *closing)


def _setting(track: str, level: str) -> tuple[str, ...]:
    if track == "commercial":
        name = NAMES.get(level, level)
        return (
            f"Under the commercial applications set the action for commercial keyloggers and "
            f"for remote control applications to {name}.",
        )
    subject = SUBJECTS[track]
    if level == "defaults":
        return (
            f"For {subject}, let the defaults of Symantec decide about action and sensitivity.",
        )
    if level in ("quarantine", "terminate"):
        return (
            f"Leave the sensitivity for {subject} at {FULL[track]} and set the action to "
            f"{NAMES[level]}.",
        )
    defaults = f"For {subject}, switch off the defaults of Symantec if they are on."
    if track == "keyloggers":
        return (defaults, f"Set the sensitivity to {NAMES.get(level, level)}; the action is Log.")
    return (defaults, f"Set the sensitivity to {level}; leave the action at Log.")
