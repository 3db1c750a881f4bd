from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from tests.truscan.logs.reading import NOW, line_of, outcomes, records, rejects
from truscan.logs.errors import LogError
from truscan.logs.read import ReadState, read
from truscan.logs.reader import open_sources
from truscan.logs.source import Limits

LINE = line_of()
TWO = f"{LINE}\n{LINE}\n".encode()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def refusal(data: bytes, **options: object) -> LogError:
    with pytest.raises(LogError) as e:
        outcomes(data, **options)
    return e.value


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_it_unpacks(pack: object) -> None:
    assert len(records(pack(TWO))) == 2  # type: ignore[operator]


def test_members_of_a_zip_file_are_sources_of_their_own() -> None:
    data = zipped({"a.log": TWO, "sub/b.log": LINE.encode()})
    names = [s.name for s in open_sources(io.BytesIO(data), "x.zip")]
    assert names == ["x.zip!a.log", "x.zip!sub/b.log"]
    assert [r.line_no for r in records(data)] == [1, 2, 1]


def test_it_opens_a_path(tmp_path: Path) -> None:
    path = tmp_path / "agt_proactive.log"
    path.write_bytes(TWO)
    (source,) = open_sources(path)
    assert source.name == "agt_proactive.log"


def test_lines_have_numbers_and_offsets() -> None:
    data = b"\xef\xbb\xbfone\r\n\r\ntwo\rthree\n\0\0\nfour\0\0"
    (source,) = open_sources(io.BytesIO(data), "x")
    assert list(source.lines()) == [
        (1, 3, b"one"),
        (3, 10, b"two"),
        (4, 14, b"three"),
        (6, 23, b"four"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_it_reads_every_encoding_and_line_end(encoding: str, end: str) -> None:
    line = line_of(User="Jiří")
    found = records(f"{line}{end}{end}{line}{end}".encode(encoding))
    assert [(r.line_no, r.user) for r in found] == [(1, "Jiří"), (3, "Jiří")]


def test_a_line_that_is_not_utf_8_is_read_by_its_code_page() -> None:
    lines = [line_of(User="Müller").encode(c) for c in ("utf-8", "cp1252", "utf-8")]
    assert [r.user for r in records(b"\n".join(lines))] == ["Müller"] * 3
    russian = line_of(User="Иван").encode("cp1251")
    assert records(russian, encoding="cp1251")[0].user == "Иван"


def test_a_line_in_no_encoding_is_rejected_with_its_bytes() -> None:
    bad = line_of(User="x").encode().replace(b"User: x", b"User: \x81")
    (reject,) = rejects(TWO + bad + b"\n")
    assert (reject.line_no, reject.code, reject.raw) == (3, "bad-bytes", bad)


@pytest.mark.parametrize(
    ("data", "encoding", "word"),
    [
        (TWO, "utf-16", "UTF-8"),
        (TWO.decode().encode("utf-16"), "cp1252", "UTF-16"),
        (TWO + line_of(User="Müller").encode("cp1252"), "utf-8", "not in the encoding"),
        (TWO, "klingon", "no encoding"),
    ],
)
def test_a_wrong_encoding_is_refused(data: bytes, encoding: str, word: str) -> None:
    assert word in str(refusal(data, encoding=encoding))


def test_nul_padding_is_dropped_and_a_nul_inside_is_rejected() -> None:
    inside = LINE.replace("App", "A\0p").encode()
    found = outcomes(TWO + b"\0\0" + LINE.encode() + b"\n" + inside + b"\n" + b"\0" * 900)
    assert [o.kind for o in found] == ["detection"] * 3 + ["rejected"]
    assert found[3].code == "bad-bytes"  # type: ignore[union-attr]


def test_a_line_of_two_megabytes_is_rejected_without_its_body() -> None:
    data = TWO + b"x" * 2_000_000 + b"\r\n" + TWO
    found = outcomes(data)
    assert [(o.line_no, o.kind) for o in found] == [
        (1, "detection"),
        (2, "detection"),
        (3, "rejected"),
        (4, "detection"),
        (5, "detection"),
    ]
    assert found[2].code == "too-long"  # type: ignore[union-attr]
    assert len(found[2].raw) == 4096  # type: ignore[union-attr]


def name_of(value: object) -> str:
    """A test's name without the bytes of its file: archives hold the time they were made at."""
    return value if isinstance(value, str) else "file"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n\r\n\0\0 \n", "empty"),
        (gzip.compress(b""), "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not-a-log"),
        (b"%PDF-1.4\n", "not-a-log"),
        (bytes(range(256)) * 40, "not-a-log"),
        (gzip.compress(TWO)[:-30], "cut-archive"),
        (gzip.compress(TWO * 9)[:40] + b"zzzz" * 20, "broken-archive"),
        (b"PK\x03\x04 not really", "broken-archive"),
        (zipped({}), "empty"),
        (zipped({"a.gz": gzip.compress(TWO)}), "nested-archive"),
        (gzip.compress(zipped({"a": TWO})), "nested-archive"),
        (zipped({"../a.log": TWO}), "unsafe-name"),
        (zipped({"a.log": TWO, "/etc/b.log": TWO}), "unsafe-name"),
        (zipped({"C:\\b.log": TWO}), "unsafe-name"),
        (zipped({"a\\..\\..\\b.log": TWO}), "unsafe-name"),
        (b"hello world\nnothing to see\n", "unknown-format"),
    ],
    ids=name_of,
)
def test_it_refuses_what_is_no_log(data: bytes, code: str) -> None:
    error = refusal(data)
    assert error.code == code
    assert str(error).startswith("x.log")


def test_a_zip_file_that_claims_ten_gigabytes_is_refused_unread() -> None:
    data = bytearray(zipped({"a.log": TWO}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    assert refusal(bytes(data)).code == "too-dense"


def test_a_dense_file_is_refused_while_it_is_read() -> None:
    bomb = gzip.compress(TWO + (b" " * 4095 + b"\n") * (16 << 10))
    assert refusal(bomb).code == "too-dense"


def test_the_size_is_limited() -> None:
    with pytest.raises(LogError, match="larger than the 1,000 bytes"):
        list(open_sources(io.BytesIO(TWO), "x", Limits(max_bytes=1000)))


def test_the_number_of_members_is_limited() -> None:
    data = zipped({"a": TWO, "b": TWO})
    with pytest.raises(LogError, match="holds 2 files; 1 are allowed"):
        list(open_sources(io.BytesIO(data), "x", Limits(max_members=1)))


def test_a_growing_file_is_read_on_from_where_it_stopped() -> None:
    first = TWO + b"\r\n" + LINE[:300].encode()
    state = ReadState()
    (source,) = open_sources(io.BytesIO(first), "x.tmp")
    assert len(list(read(source, now=NOW, final=False, state=state))) == 2
    assert (state.bytes_consumed, state.lines_consumed) == (len(TWO) + 2, 3)

    grown = first + LINE[300:].encode() + b"\r\n"
    (source,) = open_sources(io.BytesIO(grown), "x.tmp", start=state.bytes_consumed)
    (r,) = read(source, now=NOW, base_line_no=state.lines_consumed, final=False)
    assert (r.line_no, r.kind) == (4, "detection")


def test_offsets_count_a_byte_order_mark() -> None:
    data = TWO.decode().encode("utf-16")
    state = ReadState()
    (source,) = open_sources(io.BytesIO(data), "x.log")
    assert len(list(read(source, now=NOW, state=state))) == 2
    assert state.bytes_consumed == len(data)
    assert (state.format, state.encoding) == ("labelled", "utf-16-le")
