"""Where a webhook may be sent: to public addresses, and to none that a subscriber could reach into the house by."""

from ipaddress import ip_address, ip_network

import pytest
from httpx2 import URL

from notifications.channels.addresses import AddressRefused, NameNotResolved, Reach, Resolver, check_url, endpoint_of, is_public
from notifications.domain import UrlRefused

PUBLIC = ["8.8.8.8", "151.101.0.81", "2606:4700::6810:1", "2a00:1450:4009:81f::200e"]
NOT_PUBLIC = {
    "this host": "0.0.0.0",  # noqa: S104 - an address that is refused
    "unspecified, IPv6": "::",
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "loopback, IPv6": "::1",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.255",
    "private 192": "192.168.0.1",
    "link-local, and the metadata of clouds": "169.254.169.254",
    "link-local, IPv6": "fe80::1",
    "link-local with a zone": "fe80::1%eth0",
    "unique local": "fd00::1",
    "site-local": "fec0::1",
    "carrier-grade NAT": "100.64.0.1",
    "the end of carrier-grade NAT": "100.127.255.255",
    "protocol assignments": "192.0.0.9",
    "6to4 relay": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.7",
    "documentation, IPv6": "2001:db8::1",
    "new documentation, IPv6": "3fff::1",
    "multicast": "224.0.0.1",
    "multicast, IPv6": "ff02::1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped public": "::ffff:8.8.8.8",
    "compatible": "::8.8.8.8",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "NAT64 of a public address": "64:ff9b::808:808",
    "local NAT64": "64:ff9b:1::1",
    "6to4 of loopback": "2002:7f00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "segment routing": "5f00::1",
    "discard": "100::1",
    "not assigned": "4000::1",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC.keys())
def test_an_address_that_is_not_public_may_not_be_reached(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_network_can_be_allowed_and_nothing_beside_it() -> None:
    reach = Reach((ip_network("127.0.0.1/32"),))

    assert reach.admits(ip_address("127.0.0.1"))
    assert not reach.admits(ip_address("127.0.0.2"))
    assert not reach.admits(ip_address("::ffff:127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hook",
        "https://",
        "https:///hook",
        "https://,partner;example/hook",
        "https://partner%2eexample/hook",
        "https://user@partner.example/",
        "https://user:password@partner.example/",
        "https://@partner.example/",
        "https://partner.example/#part",
        "https://partner.example/#",
        "https://partner.example:0/",
        "https://partner.example:99999/",
        "https://[::1/",
    ],
)
def test_an_address_that_is_no_place_to_post_to_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, Reach())


def test_an_odd_port_is_a_place_to_post_to() -> None:
    assert endpoint_of(check_url("https://partner.example:8443/hook?to=us", Reach())) == "partner.example:8443"
    assert endpoint_of(check_url("https://[2606:4700::1]/", Reach())) == "2606:4700::1:443"


def test_http_is_for_those_who_allow_it() -> None:
    assert endpoint_of(check_url("http://partner.example", Reach(http=True))) == "partner.example:80"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"])
async def test_no_way_of_writing_loopback_leads_there(host: str) -> None:
    resolver = Resolver(Reach(http=True), 1)

    with pytest.raises((AddressRefused, NameNotResolved)):
        await resolver.address_of(URL(f"http://{host}/"))
    resolver.close()


async def test_a_name_without_an_address_is_told_apart() -> None:
    resolver = Resolver(Reach(), 1)

    with pytest.raises(NameNotResolved):
        await resolver.address_of(URL("https://nowhere.invalid/"))
    resolver.close()


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1"])
async def test_a_name_with_one_address_inside_is_refused_whatever_the_others_are(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    answers = [(0, 0, 0, "", (address, 443)) for address in ("151.101.0.81", inside)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    resolver = Resolver(Reach(), 1)

    with pytest.raises(AddressRefused):
        await resolver.address_of(URL("https://partner.example/"))
    resolver.close()


async def test_a_name_is_looked_up_once_and_its_first_address_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rebinding = iter([[(0, 0, 0, "", ("151.101.0.81", 443))], [(0, 0, 0, "", ("127.0.0.1", 443))]])
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: next(rebinding))
    resolver = Resolver(Reach(), 1)

    assert await resolver.address_of(URL("https://partner.example/")) == ip_address("151.101.0.81")
    resolver.close()
