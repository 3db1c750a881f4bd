from __future__ import annotations

from collections.abc import Mapping, Sequence


class LogError(Exception):
    """A source that cannot be read at all. Nothing of it may be kept.

    `code` is a short stable word, `sentence` says what is wrong and what to do; `file` and `line`
    are filled in where they are known.
    """

    def __init__(
        self, code: str, sentence: str, *, file: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f", line {self.line}" if place else f"line {self.line}"
        return f"{place}: {self.sentence}" if place else self.sentence


class NeedsAnswer(LogError):
    """The source can be read only after a person says which of the `choices` is meant.

    The answer goes into the mapping under `key`.
    """

    def __init__(
        self, question: str, choices: Sequence[str], *, key: str, file: str | None = None
    ) -> None:
        super().__init__("needs-answer", question, file=file)
        self.question = question
        self.choices = tuple(choices)
        self.key = key


class UnknownHeader(LogError):
    """A table whose header names no known columns; `suggestions` maps columns to likely fields."""

    def __init__(
        self, columns: Sequence[str], suggestions: Mapping[str, str], *, file: str | None = None
    ) -> None:
        shown = ", ".join(columns[:12])
        super().__init__(
            "unknown-header",
            f"The header ({shown}) does not name a time and an application, file or hash. "
            "Say which column is which in a mapping.",
            file=file,
            line=1,
        )
        self.columns = tuple(columns)
        self.suggestions = dict(suggestions)


class LineError(Exception):
    """One line that cannot be read; becomes a RejectedLine."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
