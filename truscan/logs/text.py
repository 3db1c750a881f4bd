from __future__ import annotations

import codecs

from truscan.logs.errors import LogError
from truscan.logs.source import Block, Source, bare, split_lines

# The code page of western Windows, in which SEPM writes what is not UTF-8 (LOG-FORMATS 2.5).
FALLBACK = "cp1252"
_BLANK = " \t\r\n\v\f"


class Decoder:
    """Bytes of a source to text: UTF-8 first, line by line a code page for what is not.

    `encoding` is what a person chose: "utf-8" and "utf-16" must then be right for every line;
    a code page serves for the lines that are not UTF-8. LogError if the choice cannot be right.
    """

    def __init__(self, source: Source, encoding: str | None) -> None:
        self._source = source
        self.encoding = source.encoding
        self._page: str | None = FALLBACK
        self._is_chosen = encoding is not None
        if encoding is not None:
            self._choose(encoding)

    def _choose(self, encoding: str) -> None:
        try:
            name = codecs.lookup(encoding).name
            "".encode(name)
        except (LookupError, ValueError) as error:
            raise self._wrong("unknown-encoding", f"There is no encoding {encoding!r}.") from error
        is_wide = self.encoding.startswith("utf-16")
        if is_wide != name.startswith("utf-16"):
            raise self._wrong(
                "wrong-encoding",
                f"The file is {self.encoding.upper()}, not {encoding}: leave the encoding open.",
            )
        if is_wide and name != "utf-16" and name != self.encoding:
            raise self._wrong("wrong-encoding", f"The file is {self.encoding.upper()}.")
        self._page = None if is_wide or name.startswith("utf-8") else name

    def _wrong(self, code: str, sentence: str, line: int | None = None) -> LogError:
        return LogError(code, sentence, file=self._source.name, line=line)

    def lines(self, block: Block) -> list[str | bytes]:
        """The physical lines of a block without their ends; blank ones are empty.

        A line that no encoding reads, or with a NUL inside, stays bytes.
        """
        if not self.encoding.startswith("utf-16") and b"\0" not in block.data:
            data = block.data
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            try:
                lines: list[str | bytes] = list(data.decode("utf-8").split("\n"))
            except UnicodeDecodeError:
                lines = [self._decode(n, raw, block) for n, raw in enumerate(data.split(b"\n"))]
            if not lines[-1]:
                lines.pop()
            # Blank as bytes are, ASCII's white space only: other white space is a line to tell of.
            return [line if isinstance(line, bytes) or line.strip(_BLANK) else "" for line in lines]
        raws = split_lines(block.data, self.encoding)
        return [self._decode(n, bare(raw, self.encoding), block) for n, raw in enumerate(raws)]

    def _decode(self, n: int, raw: bytes, block: Block) -> str | bytes:
        text: str | None = None
        for encoding in (self.encoding, self._page):
            if encoding is not None:
                try:
                    text = raw.decode(encoding)
                    break
                except UnicodeError:
                    continue
        if text is None and self._is_chosen:
            raise self._wrong(
                "wrong-encoding",
                "The line is not in the encoding that was chosen: choose another, or none.",
                block.line_no + n,
            )
        return raw if text is None or "\0" in text else text
