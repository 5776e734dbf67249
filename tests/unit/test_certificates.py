"""The deployment's own authority: what it signs is trusted by whoever trusts it, for the names it was asked for and no other."""

import asyncio
import ssl
from pathlib import Path

import pytest
import time_machine
from cryptography import x509

from roundtable.certificates import CERTIFICATE, TRUSTED, Authority, publish
from roundtable.credentials import replace_private
from roundtable.home import Home

NAMES, OTHERS = ["kafka", "127.0.0.1"], ["kafka", "10.0.0.1"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).prepare()


async def shakes_hands(home: Home, node: str, name: str, trusted: Path) -> bool:
    """Whether a client that trusts a file of authorities, and looks for a name, speaks to a server with a node's certificate."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(home.secrets / node / CERTIFICATE)
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=shown) as server:
        port = server.sockets[0].getsockname()[1]
        context = ssl.create_default_context(cafile=trusted)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        return True


async def test_a_node_is_trusted_by_its_names_and_by_no_other(home: Home) -> None:
    Authority(home).hold("kafka", NAMES)
    assert [await shakes_hands(home, "kafka", name, home.engines_ca) for name in (*NAMES, "kafka-2")] == [True, True, False]


async def test_what_another_authority_signed_is_not_trusted(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other").prepare()
    Authority(home).hold("kafka", NAMES)
    Authority(other).hold("kafka", NAMES)
    assert not await shakes_hands(other, "kafka", "kafka", home.engines_ca)


async def test_a_new_authority_is_trusted_beside_and_by_way_of_the_one_before_until_that_is_forgotten(home: Home, tmp_path: Path) -> None:
    before = Authority(home)
    before.hold("kafka", NAMES)
    before.hold("mongo", ["mongo"])
    authority = before.succeed()
    trusted_before = tmp_path / "before.pem"
    trusted_before.write_text(before.certificate())
    authority.issue("kafka", NAMES)
    assert await shakes_hands(home, "kafka", "kafka", home.engines_ca)
    assert await shakes_hands(home, "mongo", "mongo", home.engines_ca)
    assert await shakes_hands(home, "kafka", "kafka", trusted_before)
    publish(home, [authority.certificate()])
    assert await shakes_hands(home, "kafka", "kafka", home.engines_ca)
    assert not await shakes_hands(home, "mongo", "mongo", home.engines_ca)


async def test_who_has_read_nothing_since_the_first_of_three_authorities_trusts_what_the_last_signs(home: Home, tmp_path: Path) -> None:
    """As Kafka's controllers do among themselves, which read whom to trust at their start alone."""
    first = Authority(home)
    second = first.succeed()
    third = second.succeed()
    publish(home, [third.certificate()])
    third.issue("kafka", NAMES)
    for authority in (first, second, third):
        trusted = tmp_path / "trusted.pem"
        trusted.write_text(authority.certificate())
        assert await shakes_hands(home, "kafka", "kafka", trusted)


def test_what_was_said_of_an_authority_is_shown_until_it_ends(home: Home) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        authority = Authority(home).succeed()
        found = []
        for days in (3649, 2):
            clock.shift(days * 86_400)
            authority.issue("kafka", NAMES)
            found.append(len(x509.load_pem_x509_certificates((home.secrets / "kafka" / CERTIFICATE).read_bytes())))
    assert found == [2, 1]


def test_an_authority_whose_successor_was_not_kept_goes_on_by_what_was_said_of_itself(home: Home) -> None:
    second = Authority(home).succeed()
    second.issue("kafka", NAMES)
    key = home.authority_key.read_text()
    second.succeed()
    replace_private(home.authority_key, key)
    broken_off = Authority(home)
    assert not broken_off.is_beside_another()
    broken_off.issue("mongo", NAMES)
    chains = [(home.secrets / node / CERTIFICATE).read_bytes() for node in ("kafka", "mongo")]
    assert [each.subject for each in x509.load_pem_x509_certificates(chains[1])[1:]] == [second.name]
    assert x509.load_pem_x509_certificates(chains[0])[1:] == x509.load_pem_x509_certificates(chains[1])[1:]


def test_a_certificate_is_kept_over_starts_and_made_anew_for_other_names(home: Home) -> None:
    shown = [started(home, names) for names in (NAMES, NAMES, OTHERS, OTHERS)]
    assert (shown[0] == shown[1], shown[1] == shown[2], shown[2] == shown[3]) == (True, False, True)


def started(home: Home, names: list[str]) -> int:
    """The number of the certificate that a node has after a start."""
    Authority(home).hold("kafka", names)
    return x509.load_pem_x509_certificate((home.secrets / "kafka" / CERTIFICATE).read_bytes()).serial_number


@pytest.mark.parametrize(("days", "is_renewed"), [(360, False), (370, True)])
def test_a_certificate_with_less_than_a_year_to_live_is_made_anew(home: Home, days: int, *, is_renewed: bool) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        made = started(home, NAMES)
        clock.shift(days * 86_400)
        assert (started(home, NAMES) != made) is is_renewed


def test_a_node_is_told_whom_to_trust_at_every_start(home: Home) -> None:
    Authority(home).hold("kafka", NAMES)
    (home.secrets / "kafka" / TRUSTED).unlink()
    Authority(home).hold("kafka", NAMES)
    assert (home.secrets / "kafka" / TRUSTED).read_text() == home.engines_ca.read_text()


def test_nobody_else_may_read_what_a_node_shows(home: Home) -> None:
    folder = Authority(home).hold("kafka", NAMES)
    assert [path.stat().st_mode & 0o077 for path in (home.authority_key, folder / CERTIFICATE)] == [0, 0]
