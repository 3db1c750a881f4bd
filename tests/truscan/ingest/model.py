"""The slow, obviously right model of what an import does, and the database told the same way."""

from __future__ import annotations

# ruff: noqa: S608
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from truscan.classify import classify
from truscan.ingest.record_keys import level_of
from truscan.logs.identity import detection_key, process_identity
from truscan.logs.path_folding import generic_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truscan.logs.record import LogRecord

Table = dict[Any, Any]


def detections(imports: dict[int, list[LogRecord]]) -> dict[Any, tuple[LogRecord, int]]:
    """(time, key) -> (the line that is shown, Occurrences); `imports` by id, withdrawn left out."""
    shown: dict[Any, tuple[LogRecord, int]] = {}
    for import_id in sorted(imports):
        for r in imports[import_id]:
            key = r.event_at, detection_key(r)
            most = max(r.occurrences, shown[key][1] if key in shown else 0)
            shown[key] = r, most
    return shown


def tell(imports: dict[int, list[LogRecord]]) -> dict[str, Table]:
    """Every table by natural keys, counted one detection after the other."""
    shown = detections(imports)
    return {
        "detection": {key: _said(r, n) for key, (r, n) in shown.items()},
        "presence": _sums(shown, lambda r: (_process(r), _low(r.computer), _low(r.group)), True),
        "userpresence": _sums(shown, lambda r: (_process(r), r.user or "", _low(r.group)), True),
        "computerday": _sums(
            shown,
            lambda r: (_day(r), _low(r.group), _low(r.computer), r.user or ""),
            False,
        ),
        "dailycount": _sums(shown, _daily, False),
        "appearance": _sums(shown, lambda r: (_process(r), _low(r.file_name), _path(r)), True),
        "sighting": _typed(shown, lambda r: (_process(r), _low(r.group))),
        "summary": _summary(shown),
        "several_groups": {k: v[14] for k, v in _summary(shown).items()},
        "computer": _computers(shown),
    }


def _process(r: LogRecord) -> str:
    return str(process_identity(r))


def _low(text: str | None) -> str:
    return (text or "").casefold()


def _path(r: LogRecord) -> str:
    return generic_path(r.file_path or "").casefold()


def _day(r: LogRecord) -> Any:
    return r.event_at.astimezone(UTC).date()


def _daily(r: LogRecord) -> Any:
    return (
        _day(r), _low(r.group), _low(r.location) or None, _process(r), r.event_type,
        level_of(r.sensitivity), r.actual_action,
    )  # fmt: skip


def _said(r: LogRecord, occurrences: int) -> Any:
    return (
        _process(r), _low(r.file_name), _low(r.group), _low(r.location) or None,
        _low(r.computer), r.user or "", r.event, level_of(r.sensitivity), r.actual_action,
        r.prevalence, r.description, occurrences,
    )  # fmt: skip


def _sums(shown: Any, key: Any, has_times: bool) -> Table:
    table: dict[Any, list[Any]] = {}
    for r, n in shown.values():
        row = table.setdefault(key(r), [0, 0, r.event_at, r.event_at])
        row[0], row[1] = row[0] + 1, row[1] + n
        row[2], row[3] = min(row[2], r.event_at), max(row[3], r.event_at)
    return {k: tuple(row if has_times else row[:2]) for k, row in table.items()}


def _typed(shown: Any, key: Any) -> Table:
    rows: dict[Any, list[tuple[LogRecord, int]]] = defaultdict(list)
    for r, n in shown.values():
        rows[key(r)].append((r, n))
    return {k: (*_type_counts(v), _pcs(v)) for k, v in rows.items()}


def _pcs(rows: Iterable[tuple[LogRecord, int]]) -> int:
    return len({_low(r.computer) for r, _ in rows})


def _type_counts(rows: Iterable[tuple[LogRecord, int]]) -> Any:
    rows = list(rows)
    levels = [x for r, _ in rows if (x := level_of(r.sensitivity)) is not None]
    return (
        len(rows),
        sum(n for _, n in rows),
        sum(n for r, n in rows if r.candidate),
        *(sum(n for r, n in rows if r.event_type == kind) for kind in _KINDS),
        min(r.event_at for r, _ in rows),
        max(r.event_at for r, _ in rows),
        min(levels, default=None),
        max(levels, default=None),
    )


_KINDS = ("potential_risk", "security_risk", "commercial", "forced", "allowed", "other")


def _summary(shown: Any) -> Table:
    rows: dict[str, list[tuple[LogRecord, int]]] = defaultdict(list)
    for r, n in shown.values():
        rows[_process(r)].append((r, n))
    return {
        process: (
            *_type_counts(told),
            len({_low(r.group) for r, _ in told}),
            _pcs(told),
            classify(
                event_types=frozenset(r.event_type for r, _ in told),
                application_type=told[0][0].application_type,
                permitted_reason=None,
            ).risk_class.value,
        )
        for process, told in rows.items()
    }


def _computers(shown: Any) -> Table:
    newest: Table = {}
    for r, _ in shown.values():
        name = _low(r.computer)
        newest[name] = max(newest.get(name, datetime.min.replace(tzinfo=UTC)), r.event_at)
    return newest


_TIMED = "rows, occurrences, first_at, last_at"
_TYPED = (
    "t.rows, t.occurrences, t.candidate_occurrences, t.potential_occurrences, "
    "t.security_occurrences, t.commercial_occurrences, t.forced_occurrences, "
    "t.allowed_occurrences, t.other_occurrences, t.first_at, t.last_at, t.level_min, t.level_max"
)
_WORDS = {0: "other", 1: "potential_risk", 2: "security_risk", 3: "commercial", 4: "forced",
          5: "allowed"}  # fmt: skip
_WORD = "CASE t.event_type " + " ".join(f"WHEN {n} THEN '{w}'" for n, w in _WORDS.items()) + " END"
_GROUP = "JOIN truscan_group g ON g.id = t.group_id"
_PROCESS = "JOIN truscan_process p ON p.id = t.process_id"
_COMPUTER = "JOIN truscan_computer c ON c.id = t.computer_id"
_ACCOUNT = "JOIN truscan_account u ON u.id = t.account_id"
_PLACE = "LEFT JOIN truscan_location l ON l.id = t.location_id"
# name -> (length of the key, query)
QUERIES = {
    "detection": (2, f"""
        SELECT t.event_at, t.key, p.identity::text, lower(a.name), g.path_key, l.name_key,
               c.name_key, u.name, o.event, t.sensitivity, ac.name, f.prevalence,
               t.extra->>'description', t.occurrences
        FROM truscan_detection t {_PROCESS} {_GROUP} {_COMPUTER} {_ACCOUNT} {_PLACE}
        JOIN truscan_appearance a ON a.id = t.appearance_id
        JOIN truscan_filefacts f ON f.id = t.facts_id
        JOIN truscan_outcome o ON o.id = t.outcome_id
        JOIN truscan_action ac ON ac.id = o.action_id"""),
    "presence": (3, f"SELECT p.identity::text, c.name_key, g.path_key, {_TIMED} "
                    f"FROM truscan_presence t {_PROCESS} {_COMPUTER} {_GROUP}"),
    "userpresence": (3, f"SELECT p.identity::text, u.name, g.path_key, {_TIMED} "
                        f"FROM truscan_userpresence t {_PROCESS} {_ACCOUNT} {_GROUP}"),
    "computerday": (4, f"SELECT t.day, g.path_key, c.name_key, u.name, rows, occurrences "
                       f"FROM truscan_computerday t {_GROUP} {_COMPUTER} {_ACCOUNT}"),
    "dailycount": (7, f"""
        SELECT t.day, g.path_key, l.name_key, p.identity::text, {_WORD}, t.sensitivity, a.name,
               rows, occurrences
        FROM truscan_dailycount t {_GROUP} {_PROCESS} {_PLACE}
        JOIN truscan_action a ON a.id = t.action_id"""),
    "appearance": (3, f"SELECT p.identity::text, lower(t.name), lower(t.generic_path), {_TIMED} "
                      f"FROM truscan_appearance t {_PROCESS} WHERE rows <> 0"),
    "sighting": (2, f"SELECT p.identity::text, g.path_key, {_TYPED}, t.computers "
                    f"FROM truscan_sighting t {_PROCESS} {_GROUP}"),
    "summary": (1, f"SELECT p.identity::text, {_TYPED}, t.groups, t.computers, t.risk_class "
                   f"FROM truscan_processsummary t {_PROCESS}"),
    "several_groups": (1, f"""
        SELECT p.identity::text, sum(t.computers) - (
            SELECT count(*) - count(DISTINCT m.computer_id) FROM truscan_movedpresence m
            JOIN truscan_presence USING (process_id, computer_id) WHERE m.process_id = p.id)
        FROM truscan_sighting t {_PROCESS} GROUP BY p.id"""),
    "computer": (1, "SELECT name_key, group_seen_at FROM truscan_computer "
                    "WHERE group_seen_at IS NOT NULL"),
}  # fmt: skip


def stored() -> dict[str, Table]:
    """Every table as the database has it, by natural keys."""
    return {name: _rows(*query) for name, query in QUERIES.items()}


def _rows(key: int, query: str) -> Table:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    table = {row[0] if key == 1 else row[:key]: row[key:] for row in rows}
    assert len(table) == len(rows)
    return {k: v[0] if len(v) == 1 else v for k, v in table.items()}
