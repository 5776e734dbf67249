"""The doctor's judgement of the host: what is well, what will not be for long, what is broken."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roundtable.doctor import host
from roundtable.doctor.finding import State, fail, ok, warn, worst
from roundtable.doctor.probes import modes_in, places_of, why_refused

GIB = 2**30
NOW = datetime(2026, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "state"), [(0.4, "ok"), (-1.9, "ok"), (-2.5, "warn"), (2.5, "warn"), (-7200, "FAIL"), (30, "FAIL")])
def test_the_clock_that_is_furthest_away_is_judged_whichever_way_it_is_off(seconds: float, state: State) -> None:
    finding = host.judge_clocks({"MongoDB": 0.1, "meetings": seconds})

    assert finding.state == state
    assert "meetings" in finding.found
    assert ("behind" in finding.found) == (seconds < 0)
    assert bool(finding.advice) == (state != "ok")


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (100, 50, "ok"),
        (100, 14, "warn"),
        (20, 4, "warn"),
        (100, 4, "FAIL"),
        (10, 0.9, "FAIL"),
        (0, 0, "FAIL"),
    ],
)
def test_a_disk_is_judged_by_what_is_free_and_by_its_share(total: float, free: float, state: State) -> None:
    disks = {"MongoDB": host.Disk(500 * GIB, 400 * GIB), "the data folder": host.Disk(int(total * GIB), int(free * GIB))}

    finding = host.judge_disk(disks)

    assert finding.state == state
    assert "the data folder" in finding.found


@pytest.mark.parametrize(("available", "state"), [(4.0, "ok"), (0.9, "warn"), (0.2, "FAIL")])
def test_memory_is_judged_by_what_is_available(available: float, state: State) -> None:
    assert host.judge_memory(int(available * GIB), 8 * GIB).state == state


def test_a_port_that_takes_no_connection_is_named_with_the_reason() -> None:
    finding = host.judge_ports({"127.0.0.1:8000": None, "127.0.0.1:8001": "Connection refused"})

    assert finding.state == "FAIL"
    assert finding.found == "no connection to 127.0.0.1:8001 (Connection refused)"
    assert host.judge_ports({"127.0.0.1:8000": None}) == ok("1 addresses take connections")


def test_nobody_listens_on_a_port_of_nobody() -> None:
    assert why_refused("127.0.0.1", 1) == "Connection refused"


@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o640, "warn"), (0o604, "FAIL"), (0o644, "FAIL"), (0o602, "FAIL")])
def test_a_secret_that_others_can_reach_is_found_by_name(tmp_path: Path, mode: int, state: State) -> None:
    folder = tmp_path / "kent"
    folder.mkdir(mode=0o700)
    key = folder / "1.key"
    key.touch()
    key.chmod(mode)
    tmp_path.chmod(0o700)

    finding = host.judge_secrets(modes_in([tmp_path]))

    assert finding.state == state
    assert (str(key) in finding.found) == (state != "ok")


def test_a_folder_of_secrets_that_others_may_list_is_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    assert host.judge_secrets(modes_in([tmp_path])).state == "FAIL"


@pytest.mark.parametrize(
    ("days", "state", "word"), [(90, "ok", "ends"), (20, "warn", "ends"), (2, "FAIL", "ends"), (-1, "FAIL", "has ended")]
)
def test_the_certificate_that_ends_first_is_judged(days: int, state: State, word: str) -> None:
    certificates = [host.Certificate("later.pem", NOW + timedelta(days=900)), host.Certificate("first.pem", NOW + timedelta(days=days))]

    finding = host.judge_certificates(certificates, NOW)

    assert finding.state == state
    assert f"first.pem {word} on" in finding.found


def test_no_certificate_is_no_fault() -> None:
    assert host.judge_certificates([], NOW).state == "ok"


def test_of_many_findings_the_worst_counts_and_the_others_do_not_drown_it() -> None:
    together = worst([ok("a"), fail("b", "mend b"), warn("c", "mend c"), fail("d", "mend b")])

    assert together == fail("b; d", "mend b")


def test_every_address_of_a_list_is_looked_at() -> None:
    assert places_of("kafka-1:9092,127.0.0.1:9093,[::1]:9094") == [("kafka-1", 9092), ("127.0.0.1", 9093), ("::1", 9094)]
