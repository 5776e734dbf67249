"""The networks that webhooks may reach, as an operator writes them."""

from ipaddress import ip_network

import pytest

from chassis.settings import load
from notifications.settings import Settings

REQUIRED = {
    "MONGO_URL": "mongodb://u:p@localhost:1/?replicaSet=rs",
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:1",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "JWKS": "keys.json",
    "ISSUER": "issuer",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(f"ROUNDTABLE_{name}", value)


@pytest.mark.parametrize(
    ("written", "networks"),
    [
        ("127.0.0.1/32", ["127.0.0.1/32"]),
        ("127.0.0.1/32, fd00::/8", ["127.0.0.1/32", "fd00::/8"]),
        ('["127.0.0.1/32", "10.0.0.0/8"]', ["127.0.0.1/32", "10.0.0.0/8"]),
        ("", []),
    ],
)
def test_networks_are_written_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch, written: str, networks: list[str]) -> None:
    monkeypatch.setenv("ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS", written)

    assert list(load(Settings, "notifications").webhook_allowed_networks) == [ip_network(each) for each in networks]


@pytest.mark.parametrize("written", ["127.0.0.1/33", "home", "10.1.2.3/32,", '["127.0.0.1/32"', "{}", "[1.5]", "127.0.0.1/8"])
def test_what_is_no_network_stops_the_service_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    monkeypatch.setenv("ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS", written)

    with pytest.raises(SystemExit) as stopped:
        load(Settings, "notifications")

    said = capsys.readouterr().err
    assert stopped.value.code == 78
    assert said.startswith("notifications: ROUNDTABLE_WEBHOOK_ALLOWED_NETWORKS: ")
    assert written not in said
    assert len(said.splitlines()) == 1


def test_streams_leave_connections_for_others(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ROUNDTABLE_CONNECTIONS", "2000")

    with pytest.raises(SystemExit):
        load(Settings, "notifications")

    assert capsys.readouterr().err.startswith("notifications: ROUNDTABLE_STREAM_CLIENTS: must be less than ROUNDTABLE_CONNECTIONS")
