"""Which addresses may be sent to. A subscriber chooses the URL, and must not reach into the network that Roundtable runs in."""

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from httpx2 import URL, InvalidURL

from notifications.domain import UrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_HOST: Final = re.compile(r"[0-9A-Za-z._:-]+")
_LARGEST_PORT: Final = 65_535
_PORTS: Final = {"http": 80, "https": 443}
_GLOBAL_UNICAST: Final = ip_network("2000::/3")
_NOT_THEIR_OWN: Final[tuple[Network, ...]] = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2001::/23",  # protocol assignments, Teredo among them, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, which holds an IPv4 address, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)
"""Networks that `is_global` lets pass in some version of Python, or that only wrap another address."""


class AddressRefused(Exception):  # noqa: N818 - told as the error of an attempt
    """The name stands for an address that is not public."""


class NameNotResolved(Exception):  # noqa: N818 - it says what happened, as its callers do
    """The name stands for no address."""


@dataclass(frozen=True)
class Reach:
    """What may be reached besides public addresses over https."""

    networks: tuple[Network, ...] = ()
    http: bool = False

    def admits(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        return is_public(address) or any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether an address is a public host's own: no loopback, private, shared, link-local, wrapped or multicast one."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    special = address.is_multicast or address.is_reserved or any(address in network for network in _NOT_THEIR_OWN)
    return address.is_global and not special


def check_url(text: str, reach: Reach) -> URL:
    """Read a URL that events may be posted to.

    Raises:
        UrlRefused: it is not one.
    """
    try:
        url = URL(text)
    except InvalidURL as error:
        message = "This is not a web address"
        raise UrlRefused(message) from error
    if refused := _wrong_with(url, text, reach):
        raise UrlRefused(refused)
    return url


def _wrong_with(url: URL, text: str, reach: Reach) -> str | None:
    if url.scheme != "https" and not (url.scheme == "http" and reach.http):
        return "Must begin with https://"
    if not _HOST.fullmatch(host_of(url)) or not 0 < port_of(url) <= _LARGEST_PORT:
        return "Must name a host"
    if url.userinfo or "@" in text.split("/")[2]:
        return "Must hold no user or password: the signature says who sends"
    return "Must have no fragment" if "#" in text else None


def port_of(url: URL) -> int:
    """The port that a URL means."""
    return _PORTS[url.scheme] if url.port is None else url.port


def host_of(url: URL) -> str:
    """The host as it is looked up and named to it: in ASCII."""
    return url.raw_host.decode("ascii")


def endpoint_of(url: URL) -> str:
    """Host and port: what is spared when it does not answer."""
    return f"{host_of(url)}:{port_of(url)}"


class Resolver:
    """Finds the addresses of names, in threads of its own: a name server that hangs holds nothing else up."""

    def __init__(self, reach: Reach, at_once: int) -> None:
        self._reach = reach
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="resolve")

    async def address_of(self, url: URL) -> Address:
        """The address to connect to. It is looked up once, so that it cannot change between the check and the connection.

        Raises:
            NameNotResolved: the name has no address.
            AddressRefused: any of its addresses may not be reached.
        """
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host_of(url), port_of(url))
        if not all(self._reach.admits(address) for address in found):
            message = "The host's address is not public"
            raise AddressRefused(message)
        return found[0]

    def close(self) -> None:
        """Let the threads go; one that hangs is left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> Sequence[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = "The host's name has no address"
        raise NameNotResolved(message) from error
    return [ip_address(each[4][0]) for each in found]
