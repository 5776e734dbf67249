"""Networks and addresses: as settings write the first, and as sockets and gateways name the second."""

import json
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_settings import NoDecode
from starlette.requests import HTTPConnection

from contracts.entry import problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
WRONG_NETWORKS: Final = problem("wrong_networks", "must be networks such as 127.0.0.1/32, separated by commas, or a list of them in JSON")
_HOUSEHOLD: Final = 64
"""Bits of an IPv6 address that are one customer's: all below them are theirs to choose, a new one for each request."""


def _listed(written: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
    if not isinstance(written, str):
        return written
    try:
        named = json.loads(written) if written.lstrip().startswith("[") else written.split(",")
        return [ip_network(str(network).strip()) for network in named]
    except ValueError as error:
        raise WRONG_NETWORKS from error


Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_listed)]
"""A setting that lists networks: `127.0.0.1/32,10.0.0.0/8`, or a list in JSON."""


def plain(host: str) -> Address | None:
    """The address that a text is, an IPv4 address in IPv6's clothing as itself; None when it is none."""
    try:
        address = ip_address(host.strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address is of one of the networks."""
    return any(address in network for network in networks)


def asker(connection: HTTPConnection, proxies: Sequence[Network]) -> str:
    """Whom a request without a name counts for: an IPv4 address, the /64 of an IPv6 address, or what the socket says.

    Args:
        connection: the request.
        proxies: whose `X-Forwarded-For` counts. One hop is believed, which is what the proxy itself saw: whatever stands before it anyone
            could have written, also from a network that proxies are in.
    """
    host = connection.client.host if connection.client else ""
    here = plain(host)
    if here is None:
        return host
    if proxies and within(here, proxies):
        here = plain(_last_hop(connection)) or here
    return str(ip_network((here, _HOUSEHOLD), strict=False)) if isinstance(here, IPv6Address) else str(here)


def _last_hop(connection: HTTPConnection) -> str:
    return ",".join(connection.headers.getlist("x-forwarded-for")).rpartition(",")[2]
