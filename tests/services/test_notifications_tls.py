"""A webhook over TLS: connected to an address, verified by the name."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from werkzeug import Response

from notifications.channels.addresses import Reach, Resolver
from notifications.channels.webhook import Webhooks
from notifications.delivery import Answer, Delivery

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NAME = "partner.example"
NOW = datetime.now(UTC)
DELIVERY = Delivery(id="s:e", force="kent", subscription_id="s", subject="c", created_at=NOW, event={"id": "e"})


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        who, who, key.public_key(), x509.random_serial_number(), NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    )
    signed = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files


class Receiver(HTTPServer):
    """A receiver under the name `partner.example`, which notes the name that it was called by."""

    def __init__(self, folder: Path) -> None:
        cert, key = certificate(folder, NAME)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.sni_callback = self.called
        self.names: list[str | None] = []
        super().__init__(host="127.0.0.1", ssl_context=context)
        self.certificate = cert

    def called(self, _: object, name: str | None, __: object) -> None:
        self.names.append(name)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    server = Receiver(tmp_path)
    server.expect_request("/hook").respond_with_handler(lambda request: Response(request.headers["Host"], status=204))
    server.start()
    yield server
    server.clear()
    server.stop()


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's name stands for this machine."""
    look_up = socket.getaddrinfo

    def found(host: Any, *args: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if host == NAME else host, *args, **options)

    monkeypatch.setattr("socket.getaddrinfo", found)


async def sent(url: str) -> Answer:
    reach = Reach((ip_network("127.0.0.1/32"),))
    webhooks = Webhooks(Resolver(reach, 1), reach, lambda: NOW)
    try:
        async with asyncio.timeout(10):
            return await webhooks.send(DELIVERY, url, SECRET)
    finally:
        await webhooks.close()


@pytest.fixture
def trusted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.certificate))


@pytest.mark.usefixtures("trusted")
async def test_the_receiver_is_called_by_its_name_though_the_connection_is_to_an_address(receiver: Receiver) -> None:
    url = f"https://{NAME}:{receiver.port}/hook"

    answer = await sent(url)

    assert (answer.status_code, answer.error) == (204, None)
    assert receiver.names == [NAME]
    ((request, _),) = receiver.log
    assert request.headers["Host"] == f"{NAME}:{receiver.port}"


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_of_another_name_is_not_accepted(receiver: Receiver) -> None:
    answer = await sent(f"https://127.0.0.1:{receiver.port}/hook")

    assert (answer.status_code, answer.error) == (None, "ConnectError")
    assert receiver.log == []


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(receiver: Receiver) -> None:
    answer = await sent(f"https://{NAME}:{receiver.port}/hook")

    assert (answer.status_code, answer.error) == (None, "ConnectError")
    assert receiver.log == []
