from __future__ import annotations

from itertools import pairwise

from truscan.logs.labelled import LABEL
from truscan.logs.labels import (
    DESCRIPTION_SLOT,
    PATH_SLOT,
    REASON_SLOT,
    SLOTS,
    SUBMISSIONS,
    field_of,
)
from truscan.logs.record import LogRecord
from truscan.logs.rows import RowBuilder, Rules
from truscan.logs.slots import split_tail, unquoted, unquoted_description

# Of more commas than these in one line the slower way takes care.
_FEW_COMMAS = 4

_SHOWN_LABELS = {
    PATH_SLOT: "File path",
    DESCRIPTION_SLOT: "Description",
    REASON_SLOT: "Permitted application reason",
}


class _LabelBuilder(RowBuilder):
    def build(self, line_no: int, texts: list[str]) -> LogRecord:
        record = super().build(line_no, texts)
        # SEP 14.0 has the labels of 12.1, but its hashes are SHA-256.
        if record.layout == "labelled-g2" and record.hash_type == "sha256":
            record.layout = "labelled-g3"
        return record


class Layout:
    """One ordered set of labels that lines of a file have: cuts such a line without a search.

    Gives what `split_labels` gives, several times as fast; whatever it is not sure of it leaves
    to `split_labels`.
    """

    def __init__(self, name: str, labels: tuple[str, ...], rules: Rules) -> None:
        self.name = name
        self.labels = labels
        columns = [(field_of(label), _SHOWN_LABELS.get(label, label)) for label in labels]
        self.builder = _LabelBuilder(name, [("event", "Event"), *columns], rules)
        self.at = {name: n + 1 for n, (name, _) in enumerate(columns) if name}
        self._prefixes = [_prefix(label) for label in labels]
        self._start = "," + self._prefixes[0]
        self._known = sum(map(len, self._prefixes)) + len(labels) - 1
        self._path = labels.index(PATH_SLOT) if PATH_SLOT in labels else None
        described = (DESCRIPTION_SLOT, "Description")
        self._described = [n for n, label in enumerate(labels) if label in described]
        self._with_slots = {
            before for before, slot in pairwise(labels) if slot in (PATH_SLOT, REASON_SLOT)
        }
        # The same without the slots that have no label.
        self._named = [label for label in labels if label not in SLOTS]
        self._named_prefixes = [_prefix(label) for label in self._named]

    def cut(self, line: str) -> tuple[str, list[str]] | None:
        """Head and texts of a line with exactly these labels; None if it has others."""
        start = line.find(self._start)
        if start < 0:
            return None
        body = line[start + 1 :] + " " if line[-1] == ":" else line[start + 1 :]
        slots = body.split(",")
        whole = slots if len(slots) == len(self.labels) else self._joined(slots)
        texts = None if whole is None else self._plain(whole, body)
        if texts is None and len(slots) > len(self._named):
            texts = self._merged(slots)
        return None if texts is None else (line[:start], texts)

    def _plain(self, slots: list[str], body: str) -> list[str] | None:
        """No value holds a comma: every slot is one text behind its label."""
        texts = list(map(str.removeprefix, slots, self._prefixes))
        # Every text is shorter by its label, or the line is of another layout.
        if sum(map(len, texts)) + self._known != len(body):
            return None
        if self._path is not None and not _is_plain_tail(texts, self._path):
            return None
        for n in self._described:
            if texts[n][:1] == "'":
                texts[n] = unquoted_description(texts[n])
        if '"' in body:
            texts = [unquoted(text, False) if '"' in text else text for text in texts]
        return texts

    def _joined(self, slots: list[str]) -> list[str] | None:
        """As many slots as labels, if few commas stand in values that have labels."""
        more = len(slots) - len(self.labels)
        if not 0 < more <= _FEW_COMMAS:
            return None
        joined: set[int] = set()
        slots = slots.copy()
        for _ in range(more):
            fits = list(map(str.startswith, slots, self._prefixes))
            n = fits.index(False) if False in fits else 0
            # Behind a slot without a label nobody can tell; a quote may stand before a label.
            if n == 0 or not self._prefixes[n - 1] or slots[n][:1] == '"':
                return None
            slots[n - 1 : n + 1] = [f"{slots[n - 1]},{slots[n]}"]
            joined.add(n - 1)
        if any(LABEL.search(slots[n][len(self._prefixes[n]) :]) for n in joined):
            return None
        return slots

    def _merged(self, slots: list[str]) -> list[str] | None:
        """Some values hold commas: slots without the next label belong to the one before."""
        prefixes = [*self._named_prefixes, "\n"]
        texts: list[str] = []
        pairs: set[int] = set()
        held: dict[int, list[str]] = {}
        due = prefixes[0]
        for slot in slots:
            if slot.startswith(due):
                texts.append(slot[len(due) :])
                due = prefixes[len(texts)]
            elif slot[:1] == '"' and slot.startswith(due, 1):
                pairs.add(len(texts))
                texts.append(slot[len(due) + 1 :])
                due = prefixes[len(texts)]
            else:
                held.setdefault(len(texts) - 1, [""]).append(slot)
        for n, rest in held.items():
            texts[n] += ",".join(rest)
        if len(texts) != len(self._named) or any(LABEL.search(texts[n]) for n in held):
            return None
        return self._finished(texts, pairs, held)

    def _finished(
        self, texts: list[str], pairs: set[int], held: dict[int, list[str]]
    ) -> list[str] | None:
        done: list[str] = []
        for n, text in enumerate(texts):
            label = self._named[n]
            if n in held and label in self._with_slots:
                done += _with_slots(label, text)
            elif label == "Description" and n not in pairs:
                done.append(unquoted_description(text))
            else:
                done.append(unquoted(text, n in pairs) if '"' in text else text)
        return done if len(done) == len(self.labels) else None


def _with_slots(label: str, text: str) -> list[str]:
    first, _, rest = text.partition(",")
    return [first, *(split_tail(rest) if label == "Occurrences" else [unquoted(rest, False)])]


def _is_plain_tail(texts: list[str], path: int) -> bool:
    """Whether the second slot is a description: not the end of a path that holds a comma."""
    description = texts[path + 1]
    return "\\" not in description or description.strip('"') == texts[path].strip('"')


def _prefix(label: str) -> str:
    if label in SLOTS:
        return ""
    return f"{label} " if label == SUBMISSIONS else f"{label}: "
