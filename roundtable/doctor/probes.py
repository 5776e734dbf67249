"""Asks this host and the services; knows nothing of good or bad."""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
from cryptography import x509

from roundtable.addresses import Addresses
from roundtable.doctor.host import Certificate
from roundtable.home import Home

SECONDS: Final = 5.0
_ENDINGS: Final = frozenset({".pem", ".crt", ".cer"})
_BEGINS: Final = b"-----BEGIN CERTIFICATE-----"


def places_of(listed: str) -> list[tuple[str, int]]:
    """Host and port of each address in a list with commas."""
    return [(host.strip("[]"), int(port)) for host, _, port in (address.rpartition(":") for address in listed.split(","))]


def every_place(addresses: Addresses) -> list[tuple[str, int]]:
    """Host and port of everything that listens."""
    urls = [urlsplit(url) for url in addresses.services.values()]
    services = [(url.hostname or "", url.port or (443 if url.scheme == "https" else 80)) for url in urls]
    return [*services, *places_of(addresses.bootstrap_servers), *places_of(addresses.mongo)]


def why_refused(host: str, port: int) -> str | None:
    """Why there is no connection to be had; None where there is."""
    try:
        with socket.create_connection((host, port), SECONDS):
            return None
    except OSError as error:
        return error.strerror or str(error)


def seconds_ahead(url: str) -> float:
    """By how much a service's clock is ahead of this host's; it tells whole seconds, so half a second is taken as meant."""
    answer = httpx2.get(f"{url}/health/live", timeout=SECONDS)
    return parsedate_to_datetime(answer.headers["Date"]).timestamp() + 0.5 - time.time()


def version_of(url: str) -> str:
    """The version that a service says it is of."""
    answer = httpx2.get(f"{url}/openapi.json", timeout=SECONDS)
    return str(answer.raise_for_status().json()["info"]["version"])


def modes_in(folders: Iterable[Path]) -> dict[Path, int]:
    """The mode of each folder and of all that lies in it."""
    every = (path for folder in folders for path in (folder, *folder.rglob("*")))
    return {path: path.lstat().st_mode & 0o777 for path in every if not path.is_symlink()}


def certificates_of(home: Home, addresses: Addresses, others: Iterable[Path]) -> list[Certificate]:
    """Those in the folder of secrets, those that services and engines show, and those of other files."""
    files = [path for path in home.secrets.rglob("*") if path.suffix in _ENDINGS]
    shown = [_shown_by(url) for url in addresses.services.values() if url.startswith("https:")]
    return [*(each for path in (*files, *others) for each in _in_file(path)), *shown, *_shown_by_engines(addresses)]


def _shown_by_engines(addresses: Addresses) -> Iterator[Certificate]:
    """An engine goes on showing what it read at its start, or when it was last told to look. That one is away is told of its port."""
    every = (*places_of(addresses.bootstrap_servers), *places_of(addresses.mongo))
    for host, port in every if addresses.engines_ca else ():
        with suppress(OSError):
            yield _shown_at(f"{host}:{port}", host, port)


def _in_file(path: Path) -> Iterator[Certificate]:
    content = path.read_bytes()
    # A file of this ending may hold a key alone.
    for found in x509.load_pem_x509_certificates(content) if _BEGINS in content else ():
        yield Certificate(str(path), found.not_valid_after_utc)


def _shown_by(url: str) -> Certificate:
    at = urlsplit(url)
    return _shown_at(url, at.hostname or "", at.port or 443)


def _shown_at(where: str, host: str, port: int) -> Certificate:
    """Whatever is shown there, as nobody judges it who wants to know when it ends."""
    text = ssl.get_server_certificate((host, port), timeout=SECONDS)
    return Certificate(where, x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc)


def now() -> datetime:
    """This host's time."""
    return datetime.now(UTC)
