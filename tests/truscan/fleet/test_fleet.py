from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from truscan.fleet.estate import group_paths
from truscan.fleet.fleet import Fleet
from truscan.fleet.program import Truth
from truscan.logs.identity import detection_key
from truscan.logs.read import read
from truscan.logs.reader import open_sources
from truscan.logs.record import LogRecord
from truscan.logs.write import FORMS, write_line

START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROWS = 1500


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return Fleet(7, groups=25, computers=400, processes=300)


@pytest.fixture(scope="module")
def many(fleet: Fleet) -> list[LogRecord]:
    return list(fleet.records(6000, START, 40))


def test_it_works(fleet: Fleet, many: list[LogRecord]) -> None:
    assert len(many) == 6000
    assert {r.domain for r in many} == {"Demo (synthetic)"}
    assert {r.location for r in many} == {"Office", "VPN", "Outside"}
    assert {r.group for r in many if r.group} <= set(fleet.estate.groups)
    assert all(r.occurrences >= 1 for r in many)


def test_its_bytes_are_the_same_everywhere() -> None:
    text = "\n".join(
        Fleet(3, groups=12, computers=90, processes=80).lines(500, START, 20, form="labelled-g4")
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "cfe7a9a867c18fa98d712ec691152022b1eb8bf9862bdf63bd69d1ae925c339b"


def test_another_seed_is_another_fleet(fleet: Fleet) -> None:
    other = Fleet(8, groups=25, computers=400, processes=300)
    assert {p.sha256 for p in other.programs}.isdisjoint(p.sha256 for p in fleet.programs)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_back_equal(
    fleet: Fleet, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = list(fleet.records(ROWS, START, 30, form=form))
    path = tmp_path_factory.mktemp("fleet") / f"{form}.log"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        fleet.write(out, ROWS, START, 30, form=form)
    found = [r for source in open_sources(path) for r in read(source, now=NOW)]
    found = [r for r in found if r.kind != "ignored"]
    assert len(found) == ROWS
    for expected, got in zip(told, found, strict=True):
        assert got == expected


@pytest.mark.parametrize("form", FORMS)
def test_its_lines_are_those_of_the_writer(fleet: Fleet, form: str) -> None:
    lines = list(fleet.lines(300, START, 30, form=form))[form == "console-csv" :]
    records = fleet.records(300, START, 30, form=form)
    assert lines == [write_line(record, form) for record in records]


def test_no_two_rows_are_the_same_detection(many: list[LogRecord]) -> None:
    assert len({(r.event_at, detection_key(r)) for r in many}) == len(many)


def test_truth_is_known_by_every_hash(fleet: Fleet, many: list[LogRecord]) -> None:
    truths = Counter(fleet.truth(r.hash or "") for r in many)
    assert truths[Truth.LEGITIMATE] > 10 * truths[Truth.MALICIOUS] > 0
    assert sum(p.truth == "malicious" for p in fleet.programs) == 15
    assert fleet.truth(fleet.programs[0].sha1.upper()) == fleet.programs[0].truth
    with pytest.raises(KeyError):
        fleet.truth("ab" * 32)


def test_pairs_come_again_as_with_an_hourly_scan(many: list[LogRecord]) -> None:
    assert len({(r.hash, r.computer) for r in many}) < len(many) / 2


def test_rows_come_as_they_were_inserted_and_some_late(many: list[LogRecord]) -> None:
    inserted = [r.inserted_at for r in many if r.inserted_at]
    assert inserted == sorted(inserted)
    lags = [r.inserted_at - r.event_at for r in many if r.inserted_at]
    assert min(lags) >= timedelta(0)
    assert 0.005 < sum(lag > timedelta(days=1) for lag in lags) / len(lags) < 0.05
    assert {START <= r.event_at < START + timedelta(days=40) for r in many} == {True}


def test_quantity_grows_with_the_level_and_the_ratio_stays(fleet: Fleet) -> None:
    """Guide p. 77: sensitivity is effort, not certainty."""
    big = Fleet(7, groups=5, computers=50, processes=4000)
    found = [
        Counter(p.truth for p in big.programs if p.threshold <= level) for level in (10, 50, 100)
    ]
    counts = [sum(c.values()) for c in found]
    assert all(b > 1.5 * a for a, b in pairwise(counts))
    shares = [c[Truth.MALICIOUS] / sum(c.values()) for c in found]
    assert max(shares) - min(shares) < 0.02


def test_nothing_is_found_below_its_threshold(fleet: Fleet) -> None:
    for row in fleet.rows(3000, START, 40):
        assert fleet.programs[row.program].threshold <= row.level


def test_a_long_log_holds_every_process(fleet: Fleet) -> None:
    assert len({row.program for row in fleet.rows(3000, START, 60)}) == 300


def test_a_new_build_has_a_new_hash_and_all_else_in_common(fleet: Fleet) -> None:
    families: dict[int, list[tuple[str, ...]]] = {}
    for p in fleet.programs:
        families.setdefault(p.family, []).append((p.path, p.company, p.signer, p.application_name))
    assert any(len(builds) > 1 for builds in families.values())
    assert all(len(set(builds)) == 1 for builds in families.values())
    assert len({p.sha256 for p in fleet.programs}) == len(fleet.programs)


def test_exceptions_that_exist_already_are_no_candidates(many: list[LogRecord]) -> None:
    settled = [r for r in many if r.event_type in ("forced", "allowed")]
    assert settled
    assert not any(r.candidate for r in settled)
    assert all(r.candidate for r in many if r.event_type not in ("forced", "allowed"))


def test_some_are_on_the_list_of_symantec() -> None:
    fleet = Fleet(7, groups=5, computers=50, processes=2000)
    listed = sum(p.permitted == "symantec" for p in fleet.programs)
    assert 0 < listed < 40


@pytest.mark.parametrize("groups", [1, 2, 3, 4, 5, 12, 25, 200, 700])
def test_groups_are_a_tree_of_the_size_asked_for(groups: int) -> None:
    paths = group_paths(groups, "Global")
    assert len(set(paths)) == len(paths) == groups
    assert paths[0] == "Global"
    assert all(path.rpartition("\\")[0] in paths for path in paths[1:])


def test_a_fleet_of_one_still_works() -> None:
    fleet = Fleet(1, groups=1, computers=1, processes=1)
    assert len(list(fleet.records(5, START, 1, levels=[100]))) == 5


def test_it_rejects_what_makes_no_log(fleet: Fleet) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Fleet(1, groups=0)
    with pytest.raises(ValueError, match="time zone"):
        fleet.rows(1, START.replace(tzinfo=None), 1)
    with pytest.raises(ValueError, match="at least one day"):
        fleet.rows(1, START, 0)
    with pytest.raises(ValueError, match="higher"):
        list(Fleet(1, groups=1, computers=1, processes=1).rows(1, START, 1, levels=[0]))
    with pytest.raises(KeyError):
        fleet.records(1, START, 1, form="xml")


def test_a_start_in_another_zone_is_told_in_utc(fleet: Fleet) -> None:
    there = START.astimezone(timezone(timedelta(hours=5)))
    assert list(fleet.lines(50, there, 3)) == list(fleet.lines(50, START, 3))
