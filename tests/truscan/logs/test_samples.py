from __future__ import annotations

from datetime import UTC, datetime

from tests.truscan.logs.reading import ignored, outcomes, records, rejects, sample


def test_it_reads_the_12_1_line_as_a_person_does() -> None:
    data = sample("synthetic-proactive-sep12_1.txt")
    (r,) = records(data)
    assert (r.line_no, r.layout, r.kind) == (1, "labelled-g2", "detection")
    assert (r.event, r.event_type, r.candidate) == ("Forced SONAR threat detected", "forced", False)
    assert (r.computer, r.ip_address, r.user) == ("LAB-0042", None, "E100200")
    assert (r.application_name, r.application_type) == ("Lens Reader", "Trojan Worm")
    assert r.application_version == "9, 1, 20, 300"
    assert r.company_name == "Example Optics Group, LLC"
    assert (r.hash_type, r.hash) == ("sha1", "3f0a6e1bb1c04ff0a9e5a1e77d0c1b2a3d4e5f60")
    assert r.file_path == r"c:\program files\example optics\lens\reader.exe"
    assert (r.file_name, r.description) == ("reader.exe", r.file_path)
    assert (r.file_size, r.sensitivity, r.detection_score) == (412233, "0", 0)
    assert r.secondary_action == "Forced detection using file name"
    assert r.event_at == datetime(2013, 11, 3, 8, 14, 51, tzinfo=UTC)
    assert r.inserted_at == datetime(2013, 11, 3, 8, 15, 40, tzinfo=UTC)
    assert (r.group, r.server) == (r"My Company\lab\All Laptops\Win7", "sepm01")
    assert r.extra["Detection Submissions"] == "No"
    assert ignored(data) == [(2, "virus_found"), (3, "system")]


def test_it_reads_the_14_lines_as_a_person_does() -> None:
    r, s = records(sample("synthetic-proactive-sep14.txt"))
    assert (r.layout, s.layout) == ("labelled-g3", "labelled-g4")
    assert (r.event_type, r.candidate) == ("potential_risk", True)
    assert r.application_version == '"4",0,7,"1"'
    assert r.application_type is None
    assert (r.hash_type, r.hash, r.extra["Application hash"]) == ("sha256", None, "SHA#0001112223")
    assert (r.occurrences, r.description) == (4, None)
    assert r.group == r"My Company\Workstations\Information Technology"
    assert s.company_name == "KKK.,LLLL,MMMM"
    assert s.hash == "ab5da3d5e4f6078899aabbccddeeff00112233445566778899aabbccddeeff01"
    assert (s.file_path, s.file_name) == (r"c:\data, old\hosts", "hosts")
    assert s.description == "Realtime deferred scanning"
    assert (s.ip_address, s.source_ip, s.signer) == ("192.0.2.8", "192.0.2.9", "Example Signer")
    assert (s.requested_action, s.extra["Requested action (code)"]) == ("Allowed by User", "102")
    assert s.group == r"My Company\Default Group"
    assert s.event_at == datetime(2020, 5, 4, 6, 57, 2, tzinfo=UTC)


def test_it_reads_sonar_in_the_risk_layout_with_french_values() -> None:
    (r,) = records(sample("synthetic-risk-sonar-sep14_3.txt"))
    assert (r.layout, r.event_type, r.candidate) == ("risk", "allowed", False)
    assert (r.location, r.extra["Location (in English)"]) == ("Par défaut", "Default")
    assert (r.actual_action, r.extra["Actual action (in English)"]) == (
        "Laissé tel quel",
        "Left alone",
    )
    assert (r.group, r.company_name) == (r"My Company\Équipe", "outil, https://outil.example/")
    assert (r.hash_type, r.hash is not None, r.file_name) == ("sha256", True, "outil.exe")
    assert r.permitted_reason == "Not on the allow list"
    assert r.detection_type is None


def test_it_passes_over_the_other_types_of_sc4s() -> None:
    data = sample("syslog-all-types-sep14_2-sc4s.txt")
    assert ignored(data) == [
        (1, "client_system"),
        (2, "system"),
        (3, "scan"),
        (4, "control"),
        (5, "admin"),
        (6, "packet"),
        (7, "admin"),
        (8, "security"),
        (9, "security_risk_found"),
        (10, "traffic"),
    ]
    assert len(outcomes(data)) == 10


def test_an_ignored_line_tells_which_computer_was_heard_from() -> None:
    (line,) = outcomes(sample("risk-syslog-sep14_3ru-datadog.txt"))
    assert line.as_json()["kind"] == "ignored"
    assert (line.reason, line.computer, line.domain) == (  # type: ignore[union-attr]
        "virus_found",
        "DESKTOP-GGG3BOO",
        "Default",
    )
    assert line.group == r"My Company\Default Group"  # type: ignore[union-attr]
    assert line.event_at == datetime(2024, 9, 11, 2, 52, 57, tzinfo=UTC)  # type: ignore[union-attr]


def test_it_reads_the_client_log_and_finds_no_sonar_detection_in_it() -> None:
    data = sample("client-avman-sep14_2-sepparser.txt")
    assert ignored(data) == [
        (1, "header"),
        (2, "scan"),
        (3, "virus_found"),
        (4, "virus_found"),
        (5, "virus_found"),
        (6, "virus_found"),
    ]
    assert not rejects(data)


def test_a_sonar_detection_of_a_client_is_read_synthetic() -> None:
    """The third entry with the logger and the event of a SONAR detection."""
    entry = sample("client-avman-sep14_2-sepparser.txt").splitlines()[2]
    line = entry.replace(b",46,1,1,computer", b",5,1,16,computer")
    (r,) = records(line + b"\r\n")
    assert (r.layout, r.event, r.source, r.event_type) == (
        "client-log",
        "Infection",
        "SONAR",
        "other",
    )
    assert r.event_at == datetime(2019, 2, 21, 6, 10, 12, tzinfo=UTC)
    assert (r.computer, r.user, r.domain) == ("computer100000", "Username", "domain123")
    assert (r.file_name, r.risk_name) == ("_ISDel.exe", "Trojan.Gen.2")
    assert (r.company_name, r.file_size) == ("InstallShield Software Corporation", 28528)
    assert r.hash == "5b9ef3f8a73df120dde044512c1ad2a4af883678eba90046f5f26cbb21aa426f"
    assert (r.hash_type, r.application_version) == ("sha256", "5, 51")
    assert r.application_name == "InstallShield®"
    assert (r.actual_action, r.requested_action) == ("Cleaned", "Cleaned")
    assert (r.location, r.application_type, r.disposition) == ("Default", None, "Bad")
