from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from exceptions_app.arrival.status_file import StatusRefused, read_status
from exceptions_app.models.arrival import ClientSerial, GroupSerial
from tests.make import NOW, make_group, make_user
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "7A5B-03/01/2026 17:32:09 421", "7A5B-03/02/2026 01:00:00 005"
HEADER = "Computer Name,Group,Policy Serial Number,Client version,Last check-in,Colour"


def read(text: str | bytes, **more: Any) -> Any:
    return read_status(text.encode() if isinstance(text, str) else text, now=NOW, **more)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "no header"),
        (b"\0\0\0\0", "no header"),
        (b"a,b,c\n1,2,3", "must name the computer"),
        (b"Computer name,Serial number\npc,123", "must name the computer"),
        (b"Computer,Client,Version\na,b,c", "Two columns"),
        (b"Computer,Last check-in\npc,03/04/2026 10:00:00", "order of the dates"),
        (b"Computer,Last check-in\npc,13/02/2026 10:00:00\npd,02/13/2026 10:00:00", "day/month"),
        (b'{"a": [1, 2]}', "must name the computer"),
    ],
)
def test_it_refuses_a_table_that_leaves_open_what_is_meant(sent: bytes, told: str) -> None:
    with pytest.raises(StatusRefused, match=told):
        read(sent)
    with pytest.raises(StatusRefused, match="no time zone"):
        read(b"Computer,Version\npc,1", zone="Mars/Base")


def test_bad_lines_are_told_and_spoil_no_others() -> None:
    lines = [
        HEADER,
        f"pc-1,Global,{OLD},11.0.7,2026-03-01 10:00:00,red",
        "pc-2,Global,x",
        ",Global,,,,",
        "pc-3,Global,,,9999-01-01 00:00:00,",
        "pc-4,Global,,,yesterday,",
        'pc-5,"Global,,,,',
        f"pc-6,Global,{OLD},,,,,",
        "x" * 70_000,
        'pc-7,"Global\\Two\nlines",,11,,',
        HEADER,
        "p\0c,Global,,,,",
    ]
    found = read("\r\n".join(lines))
    assert [row.name for row in found.rows] == ["pc-1", "pc-6", "pc-7"]
    assert [bad.line_no for bad in found.bad] == [3, 4, 5, 6, 7, 9, 13]
    assert found.unknown_columns == ["Colour"]
    assert found.rows[0].checked_in_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    wide = read("sep=;\nHOST NAME;Version\nBüro;14.3".encode("utf-16"))
    assert (wide.rows[0].name, wide.encoding) == ("Büro", "utf-16-le")
    assert read("Computer\tVersion\nBüro\t11".encode("cp1252")).rows[0].name == "Büro"


def command(path: Path, *words: str) -> Any:
    out = StringIO()
    call_command("import_status", str(path), "--json", *words, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_a_table_is_counted_then_taken_in_and_stays_in_the_scope_of_its_person(
    tmp_path: Path,
) -> None:
    sales, other = make_group("Global\\Sales"), make_group("Global\\Other")
    make_user("anna", "analyst", sales)
    path = tmp_path / "status.csv"
    header = "Computer name,Group,Policy serial number,Group serial,Last checkin"

    def write(*rows: str) -> None:
        path.write_text("\n".join([header, *rows]))

    write(
        f"PC-1,global\\\\sales\\,{OLD},{NEW},2026-03-01 10:00:00",
        f"pc-1,Global/Sales,{NEW},{NEW},2026-03-01 09:00:00",
        f"pc-9,Global\\Other,{NEW},,2026-03-01 10:00:00",
        "pc-8,Nowhere,odd,,",
        "pc-7,,odd,,",
    )
    dry = command(path, "--dry-run", "--user", "anna")
    counts = ("created", "updated", "unchanged", "older", "rejected", "groups")
    assert [dry[name] for name in counts] == [1, 0, 0, 0, 3, 1]
    assert [bad["line"] for bad in dry["bad_lines"]] == [4, 5, 6]
    assert dry["as_of"] == "2026-03-01T10:00:00+00:00"
    assert not ClientSerial.objects.exists()
    command(path, "--user", "anna")
    row = ClientSerial.objects.get()
    assert (row.name, row.serial, row.group_id) == ("PC-1", OLD, sales.pk)
    assert GroupSerial.objects.get().serial == NEW
    assert AuditEvent.objects.get(code="arrival.read").actor_name == "anna"
    assert command(path, "--user", "anna")["unchanged"] == 1
    assert command(path)["created"] == 2  # the whole estate: pc-9 and pc-7 too

    write("pc-9,Global\\Sales,,,2026-03-01 11:00:00", "pc-1,,,,2026-02-01 00:00:00")
    stolen = command(path, "--user", "anna")
    assert "not yours" in stolen["bad_lines"][0]["why"]
    assert ClientSerial.objects.get(name_key="pc-9").group_id == other.pk
    assert command(path, "--as-of", "2026-02-01T00:00:00Z", "--dry-run")["older"] == 2
    with pytest.raises(CommandError, match="--as-of"):
        command(path, "--as-of", "soon")
    with pytest.raises(CommandError, match="no domain"):
        command(path, "--domain", "Mars")
