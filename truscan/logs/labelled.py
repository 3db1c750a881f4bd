from __future__ import annotations

import re
from typing import NamedTuple

from truscan.logs.errors import LineError
from truscan.logs.labels import (
    CERTIFICATE_ONLY,
    DESCRIPTION_SLOT,
    GLUED,
    LABELS,
    LONG_ONLY,
    PATH_SLOT,
    REASON_SLOT,
    REASONS,
    REPUTATION_ONLY,
    SUBMISSIONS,
)
from truscan.logs.slots import split_tail, unquoted, unquoted_description

_NAMES = "|".join(sorted((re.escape(n) for n in LABELS if n != SUBMISSIONS), key=len, reverse=True))
# A label is one only behind a comma: values hold colons and even label words.
LABEL = re.compile(rf',("?)(?:({_NAMES}):|({SUBMISSIONS})(?= |,|$)) ?')
_GLUE = re.compile(f"({'|'.join(GLUED)}): ?")


class Parts(NamedTuple):
    """A line cut at its labels: what stands before the first one, and the texts in their order."""

    head: str
    labels: tuple[str, ...]
    texts: list[str]
    # False: the cut needed a repair that other lines of this shape may not need.
    is_regular: bool


def split_labels(line: str) -> Parts | None:
    """Cut a line of any generation at its known labels; None if it has none.

    `a,Label: b` is cut before every known label that follows a comma, whatever the quotes do
    (LOG-FORMATS 2.6). The text behind Occurrences is count, path and description; behind
    Sensitivity it may be level and permitted reason. LineError if a label comes twice.
    """
    found = list(LABEL.finditer(line))
    if not found:
        return None
    labels: list[str] = []
    texts: list[str] = []
    ends = [*(m.start() for m in found[1:]), len(line)]
    names = {m[2] or m[3] for m in found}
    if len(names) < len(found):
        raise LineError(
            "label-twice", "The line says one label twice: which of the two is true is not known."
        )
    for m, end in zip(found, ends, strict=True):
        _add_segment(m[2] or m[3], line[m.end() : end], bool(m[1]), names, labels, texts)
    is_regular = not _unglue(labels, texts)
    return Parts(line[: found[0].start()], tuple(labels), texts, is_regular)


def _add_segment(
    label: str, raw: str, pair: bool, names: set[str], labels: list[str], texts: list[str]
) -> None:
    labels.append(label)
    if label == "Occurrences" and "," in raw and "File path" not in names:
        count, _, tail = raw.partition(",")
        path, description = split_tail(tail)
        labels += [PATH_SLOT, DESCRIPTION_SLOT]
        texts += [count.strip(), path, description]
    elif label == "Sensitivity" and "," in raw and not names & REASONS:
        level, _, reason = raw.partition(",")
        labels.append(REASON_SLOT)
        texts += [level.strip(), unquoted(reason, False)]
    elif label == "Description" and not pair:
        texts.append(unquoted_description(raw))
    else:
        texts.append(unquoted(raw, pair))


def _unglue(labels: list[str], texts: list[str]) -> bool:
    """Part values that a forwarder ran together: `Domain Name: DefaultGroup Name: My Company`."""
    was_glued = False
    n = 0
    while n < len(texts):
        found = _GLUE.search(texts[n]) if ": " in texts[n] or texts[n].endswith(":") else None
        if found and found[1] not in labels and labels[n] in LONG_ONLY:
            labels.insert(n + 1, found[1])
            texts[n : n + 1] = [texts[n][: found.start()].strip(), texts[n][found.end() :].strip()]
            was_glued = True
        n += 1
    return was_glued


def layout_of(parts: Parts) -> str | None:
    """The generation, told by the labels that are there; None if no detection family wrote it.

    G3 (14.0) has the labels of G2 (12.1): only its hash type, SHA-256, tells them apart.
    """
    names = set(parts.labels)
    if "Detection type" not in names:
        return "risk" if "Risk name" in names or "Computer name" in names else None
    if names & LONG_ONLY:
        return "labelled-g5"
    if names & CERTIFICATE_ONLY:
        return "labelled-g4"
    return "labelled-g2" if names & REPUTATION_ONLY else "labelled-g1"
