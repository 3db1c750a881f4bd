"""Rules of a policy file `truscan-policy/1`, as this program or another of its kind exports it."""

from __future__ import annotations

from datetime import date
from typing import Any

from jsonschema import Draft202012Validator

from exceptions_app.export import bundle, canonical
from exceptions_app.export.entry import moment
from exceptions_app.importing.foreign import checked, counted
from exceptions_app.importing.rules import FileRules, ImportRefused, Rule
from exceptions_app.policies.signing import sign, verifies

OURS = "this installation"


def read_bundle(document: dict[str, Any]) -> FileRules:
    """One policy's rules, a rule per hash. ImportRefused for another version, for a document that
    breaks the schema or was changed after it was written, and for several policies in one file."""
    if document["format"] != bundle.FORMAT:
        raise ImportRefused(
            f"The file has the format {str(document['format'])[:60]!r}; {bundle.FORMAT} is read."
        )
    validator: Any = Draft202012Validator(bundle.schema())
    if (error := next(validator.iter_errors(document), None)) is not None:
        raise ImportRefused(f"The policy file breaks its schema: {error.message[:200]}")
    content = {key: value for key, value in document.items() if key != "content_sha256"}
    if canonical.sha256(content) != document["content_sha256"]:
        raise ImportRefused(
            "The policy file was changed after it was written: its content_sha256 does not fit."
            " Export it again."
        )
    signed_by = _signed_by(content)
    if len(document["policies"]) > 1:
        names = ", ".join(f"“{one['name']}”" for one in document["policies"][:5])
        raise ImportRefused(
            f"The file holds several policies ({names}): export the one that you want."
        )
    found = FileRules("policy file", signed_by=signed_by)
    policy = document["policies"][0]
    if "foreign_rules" in policy:
        found.foreign = checked(policy["foreign_rules"])
        found.not_ours = counted(found.foreign)
    for rule in policy["rules"]:
        if not rule["hashes"]:
            found.leave("rules without a hash")
        try:
            found.rules += [_rule(rule, tagged) for tagged in rule["hashes"]]
        except ValueError as error:
            raise ImportRefused(f"The policy file has a time that is none: {error}") from error
    return found


def _signed_by(content: dict[str, Any]) -> str:
    """Whose signature the file has, "" without one; ImportRefused for one that does not fit.

    A key that is not ours proves only that its holder wrote the file: people must know the key.
    """
    if (signature := content.pop("signature", None)) is None:
        return ""
    text = canonical.compact(content).decode()
    if not verifies(text, signature["value"], signature["public_key"]):
        raise ImportRefused(
            "The signature of the policy file is wrong: it is not what the holder of the key wrote."
            " Get the file again from where it was exported."
        )
    return OURS if signature["public_key"] == sign("")[1] else signature["public_key"]


def _rule(rule: dict[str, Any], tagged: str) -> Rule:
    process = rule["process"]
    return Rule(
        hash=tagged.partition(":")[2],
        response=rule["response"],
        name=process["name"],
        company=process["company"],
        size=process["size"],
        path=process["path"],
        reason=rule["reason"],
        review_on=date.fromisoformat(rule["review_on"]) if rule["review_on"] else None,
        expires_at=moment(rule["expires_at"]) if rule["expires_at"] else None,
    )
