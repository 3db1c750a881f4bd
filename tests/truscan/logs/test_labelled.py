from __future__ import annotations

import pytest

from tests.truscan.logs.reading import ignored, line_of, outcomes, records, rejects


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        ",",
        "2024-05-16 11:26:32,",
        "2024-05-16 11:26:32,Critical,sepm1,",
        "Dec  1 17:07:08 SymantecServer sepm.example.org: ",
        "Dec  1 17:07:08 SymantecServer sepm.example.org: ,",
        "Sep 11 02:54:24 WIN-RQ SymantecServer: ",
        "<54>Sep 11 02:54:24 WIN-RQ SymantecServer: ",
        "<54>1 2024-09-11T02:54:24.001Z sepm1 SymantecServer - - - ",
        '<54>1 2024-09-11T02:54:24Z relay SymantecServer 11 ID1 [a b="c"] sepm1 SymantecServer: ',
        "<50>Apr 14 10:10:10 SymantecServer: host1,",
    ],
)
def test_it_finds_the_event_behind_every_prefix(prefix: str) -> None:
    (r,) = records(prefix + line_of())
    assert (r.event, r.event_type, r.computer) == ("Potential risk found", "potential_risk", "pc1")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ('"11, 0, 4356, 400"', "11, 0, 4356, 400"),
        ("11, 0, 4356", "11, 0, 4356"),
        ("6.6.1 (FR)", "6.6.1 (FR)"),
        ('"3",0,6,"0"', '"3",0,6,"0"'),
        ('""', None),
        ("", None),
        ('5" disk', '5" disk'),
    ],
)
def test_it_reads_every_way_of_quoting_a_value(raw: str, told: str | None) -> None:
    (r,) = records(line_of(Application_version=raw))
    assert (r.application_version, r.hash_type, r.application_name) == (told, "sha1", "App")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (r'"Group: My Company\IT\",Server', r"My Company\IT"),
        (r'"Group: My Company\IT,Server', r"My Company\IT"),
        (r'"Group: My Company\IT, east",Server', r"My Company\IT, east"),
        (r"Group: My Company\\Default Group\,Server", r"My Company\Default Group"),
        (r"Group: My Company\Büro,Server", r"My Company\Büro"),
    ],
)
def test_it_reads_every_way_of_quoting_a_pair(raw: str, told: str) -> None:
    line = line_of().replace(r"Group: My Company\Sales,Server", raw)
    # The second line takes the way for a layout that is known.
    assert [r.group for r in records(f"{line}\n{line}\n")] == [told, told]
    assert records(line)[0].server == "sepm"


@pytest.mark.parametrize(
    ("tail", "path", "description"),
    [
        (r"c:\a b\c.exe,''", r"c:\a b\c.exe", None),
        (r'c:\a\c.exe,""', r"c:\a\c.exe", None),
        (r"c:\a\c.exe,", r"c:\a\c.exe", None),
        (r"c:\a, b\c.exe,AP realtime deferred scanning", r"c:\a, b\c.exe",
         "AP realtime deferred scanning"),
        (r"c:\a, b\c, d.exe,''", r"c:\a, b\c, d.exe", None),
        (r'c:\a\c.exe,"Still contains, 2 infected items"', r"c:\a\c.exe",
         "Still contains, 2 infected items"),
        (r"c:\a\c.exe,Still contains, 2 infected items", r"c:\a\c.exe",
         "Still contains, 2 infected items"),
        (r"c:\a, b\c.exe,c:\a, b\c.exe", r"c:\a, b\c.exe", r"c:\a, b\c.exe"),
        (r'"c:\a, b\c.exe",note', r"c:\a, b\c.exe", "note"),
        (r"c:\a, b\c.exe", r"c:\a, b\c.exe", None),
        ("/tmp/eicar.txt,", "/tmp/eicar.txt", None),  # noqa: S108
        (",", None, None),
    ],
)  # fmt: skip
def test_it_parts_path_and_description(
    tail: str, path: str | None, description: str | None
) -> None:
    line = line_of(Occurrences=f"3,{tail}")
    for r in records(f"{line_of()}\n{line}\n{line}\n")[1:]:
        assert (r.occurrences, r.file_path, r.description) == (3, path, description)
        assert r.actual_action == "Left alone"


def test_values_run_together_by_a_forwarder_are_parted() -> None:
    line = (
        line_of()
        .replace(r"Domain: Default,Group: My Company\Sales", r"Domain Name: DefaultGroup Name: My")
        .replace("User: bob", "User Name: bob")
    )
    (r,) = records(line)
    assert (r.domain, r.group, r.user, r.layout) == ("Default", "My", "bob", "labelled-g5")


def test_an_unlabelled_reason_behind_the_sensitivity_is_read() -> None:
    line = line_of(event="SONAR detection now allowed").replace("Detection type: Heuristic,", "")
    line = line.replace("Sensitivity: 20", "Sensitivity: low,Not on the permitted application list")
    line = line.replace("Permitted application reason: MDS,", "")
    (r, s) = records(f"{line}\n{line}\n")
    assert (r.layout, r.sensitivity) == ("risk", "low")
    assert r.permitted_reason == s.permitted_reason == "Not on the permitted application list"


@pytest.mark.parametrize(
    ("event", "event_type", "candidate"),
    [
        ("Potential risk found", "potential_risk", True),
        ("Security risk found", "security_risk", True),
        ("Commercial application detected", "commercial", True),
        ("Forced TruScan proactive threat detected", "forced", False),
        ("SONAR detection now allowed", "allowed", False),
        ("TruScan something now permitted", "allowed", False),
        ("Something new", "other", True),
    ],
)
def test_it_knows_what_an_event_says(event: str, event_type: str, candidate: bool) -> None:
    (r,) = records(line_of(event=event))
    assert (r.event, r.event_type, r.candidate) == (event, event_type, candidate)


def test_a_forced_action_is_no_candidate_whatever_the_event_says() -> None:
    (r,) = records(line_of(Secondary_action="111"))
    assert (r.event_type, r.candidate) == ("potential_risk", False)
    assert r.secondary_action == "Forced detection by using the file name"


def test_other_lines_of_the_risk_log_are_counted_by_their_event() -> None:
    line = line_of(event="Virus found").replace("Detection type: Heuristic,", "")
    plain = line.replace("Heuristic Scan", "Auto-Protect scan")
    assert ignored(plain) == [(1, "virus_found")]
    assert records(line)[0].layout == "risk"


def test_a_line_without_any_label_is_rejected_among_others() -> None:
    (reject,) = rejects(f"{line_of()}\nhello there\n\n{line_of()}\n")
    assert (reject.line_no, reject.code, reject.raw) == (2, "not-a-log-line", b"hello there")


def test_a_label_that_comes_twice_is_rejected() -> None:
    (reject,) = rejects(line_of(Application_name=r"x,Group: My Company\Other"))
    assert reject.code == "label-twice"


def test_a_last_line_that_was_cut_is_rejected_and_not_half_read() -> None:
    line = line_of()
    cut = line[: line.index("Group:")]
    found = outcomes(f"{line}\n{cut}")
    assert [o.kind for o in found] == ["detection", "rejected"]
    assert found[1].code == "cut-line"  # type: ignore[union-attr]
