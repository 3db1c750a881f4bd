from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.truscan.logs.reading import NOW, line_of, outcomes, records
from truscan.logs.errors import LogError
from truscan.logs.labelled import LABEL, split_labels
from truscan.logs.labels import GLUED
from truscan.logs.path_folding import normal_group, split_path
from truscan.logs.read import ReadState, read
from truscan.logs.reader import open_sources
from truscan.logs.record import LogRecord
from truscan.logs.source import Limits
from truscan.logs.write import CONSOLE_COLUMNS, FORMS, console_header, write_line

LINE = line_of().encode()
PIECES = st.sampled_from(
    [
        LINE, LINE[:400], b"\r\n", b"\n", b"\r", b"\0", b'"', b",", b"\xff\xfe", b"\xef\xbb\xbf",
        b"Group: ", b"Occurrences: 1,", b"310113160238,5,1,16,", b"PK\x03\x04", b"\x1f\x8b",
        b"Event,Application,Event time\n", b"2024-05-01 10:00:00", LINE.decode().encode("utf-16"),
    ]
)  # fmt: skip
SOUP = st.lists(PIECES | st.binary(max_size=40), max_size=12).map(b"".join)


@settings(max_examples=cases(300), deadline=None)
@given(SOUP)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = []
    with suppress(LogError):
        found = outcomes(data)
    for outcome in found:
        assert outcome.as_json()["line_no"] == outcome.line_no


@settings(max_examples=cases(200), deadline=None)
@given(SOUP, st.integers(60, 3000))
@example(b"\x1c", 60)
@example(b'""', 60)
@example(b"  \t\n\xc2\xa0\n", 60)
@example(b"  \t\n\xc2\xa0\n", 3000)
def test_every_line_is_accounted_for(data: bytes, max_line: int) -> None:
    """Behind a line of labels every line that is not blank is one outcome, in order."""
    data = LINE + b"\n" + data
    limits = Limits(max_line=max_line)
    (source,) = open_sources(io.BytesIO(data), "x", limits)
    lines = [(no, offset) for no, offset, _ in source.lines()]
    (source,) = open_sources(io.BytesIO(data), "x", limits)
    state = ReadState()
    if max_line <= len(LINE) + 1:
        # Even the first line is over the limit: with it goes what shows that this is a log.
        with suppress(LogError):
            found = list(read(source, now=NOW, base_line_no=1, state=state))
            assert [o.line_no - 1 for o in found] == [no for no, _ in lines]
        return
    found = list(read(source, now=NOW, state=state))
    assert [o.line_no for o in found] == [no for no, _ in lines]
    assert state.bytes_consumed == len(data)


def is_plain(text: str) -> bool:
    """Whether no log can mistake the text for structure."""
    return (
        text == text.strip()
        and not LABEL.search("," + text)
        and not LABEL.search(text)
        and not any(word in text for word in GLUED)
        and all(c.isprintable() for c in text)
    )


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from("\",' ;\\:"),
    max_size=12,
).filter(is_plain)
WORD = TEXT.map(lambda text: text or None)
PATH = st.builds(lambda a, b: rf"c:\{a}\{b}.exe", TEXT, TEXT).filter(is_plain)
TIME = st.datetimes(datetime(2000, 1, 1), datetime(2026, 11, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
HASH = st.sampled_from([None, "ab" * 20, "cd" * 32, "0123456789abcdef" * 2])
HASH_TYPE = {None: None, 32: "md5", 40: "sha1", 64: "sha256"}
# Fields whose text is looked up or checked; their own tests are in test_values.
ENUMERATED = {"actual_action", "requested_action", "secondary_action", "permitted_reason",
              "application_type", "detection_type", "disposition", "location", "prevalence",
              "confidence", "risk_level", "sensitivity"}  # fmt: skip
ENUM = st.sampled_from([None, "Left alone", "Medium, or so", 'A "b" c', "50"])
PLAIN = [
    f.name for f in fields(LogRecord) if f.type == "str | None"
    and f.name not in {"event", "hash", "hash_type", "file_path", "file_name", *ENUMERATED}
]  # fmt: skip


@st.composite
def detections(draw: st.DrawFn) -> LogRecord:
    told: dict[str, Any] = {name: draw(WORD) for name in PLAIN} | {
        name: draw(ENUM.filter(lambda t: t != "50")) for name in ENUMERATED
    }
    told["sensitivity"] = draw(st.sampled_from([None, "0", "100", "low"]))
    hash_ = draw(HASH)
    path = draw(PATH)
    group = normal_group(told.pop("group") or "") or None
    return LogRecord(
        1, "", "Potential risk found", "potential_risk", hash=hash_,
        hash_type=HASH_TYPE[len(hash_) if hash_ else None], file_path=path,
        file_name=split_path(path)[1], file_size=draw(st.none() | st.integers(0, 2**40)),
        detection_score=draw(st.none() | st.integers(0, 100)),
        occurrences=draw(st.integers(1, 10**6)), event_at=draw(TIME), inserted_at=draw(TIME),
        end_at=draw(TIME), group=group, **told,
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=cases(60), deadline=None)
@given(record=detections())
def test_what_is_written_is_read_again(form: str, record: LogRecord) -> None:
    line = write_line(record, form)
    if form == "console-csv":
        found = records(f"{console_header()}\n{line}\n{line}\n")
        names = set(CONSOLE_COLUMNS.values())
    else:
        # The second one takes the quick way of a layout that is known.
        found = records(f"{line}\n{line}\n")
        parts = split_labels(line)
        assert parts is not None
        names = _names_of(form)
    assert len(found) == 2
    for name in sorted(names):
        want = getattr(record, name)
        assert [getattr(r, name) for r in found] == [want, want], name


def _names_of(form: str) -> set[str]:
    from truscan.logs.generations import GENERATIONS
    from truscan.logs.labels import field_of

    names = {name for label in GENERATIONS[form] if (name := field_of(label))}
    return names | {"event", "event_type", "file_name"}
