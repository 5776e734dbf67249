"""How often one may ask: so often and no more, each for themselves, and nothing is done for who asks too often."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import httpx2
import pytest
import time_machine
from starlette.requests import HTTPConnection

from chassis import metrics
from chassis.counters import Counters
from chassis.networks import asker
from chassis.principal import Principal
from chassis.rates import Rates, TooOften
from chassis.runtime import Runtime
from readmodel.main import SERVICE as READMODEL
from tests.unit.leaflets import FACTS, HERE, PATH, THERE, Issuer, Shelf

NOW = datetime(2045, 6, 18, 13, 20, 7, tzinfo=UTC)
PROXIES = ("10.0.0.0/8", "fd00::/8")


def rates(principal: str = "3 per minute", attempts: str = "2 per minute", anyone: str = "2 per minute", *proxies: str) -> Rates:
    return Rates(principal, attempts, anyone, [ip_network(each) for each in proxies])


@pytest.fixture(autouse=True)
def few(runtime: Runtime) -> None:
    runtime.rates = rates()


async def statuses(door: httpx2.AsyncClient, path: str, headers: dict[str, str], times: int) -> list[int]:
    return [(await door.get(path, headers=headers)).status_code for _ in range(times)]


async def test_who_asks_too_often_is_told_when_to_ask_again(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    bearer = issuer.bearer({HERE: ["reader"]})

    assert await statuses(door, PATH, bearer, 3) == [200, 200, 200]
    refused = await door.get(PATH, headers=bearer)

    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert refused.json()["type"] == "urn:roundtable:problem:too-often"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


async def test_each_principal_asks_for_itself(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    assert (await statuses(door, PATH, issuer.bearer({HERE: ["reader"]}), 4))[-1] == 429

    assert (await door.get(PATH, headers=issuer.bearer({HERE: ["reader"]}, sub="grace"))).status_code == 200


async def test_another_token_of_the_same_principal_counts_with_the_first(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    await statuses(door, PATH, issuer.bearer({HERE: ["reader"]}), 3)

    assert (await door.get(PATH, headers=issuer.bearer({HERE: ["reader"], THERE: ["reader"]}))).status_code == 429


async def test_nothing_is_written_for_who_writes_too_often(door: httpx2.AsyncClient, issuer: Issuer, runtime: Runtime) -> None:
    bearer = issuer.bearer({HERE: ["recorder"]})

    written = [(await door.post(PATH, headers=bearer, json=FACTS)).status_code for _ in range(5)]

    assert written == [201, 201, 201, 429, 429]
    assert len(runtime.kept(Shelf)) == 3


async def test_a_token_is_judged_before_the_rate_and_the_grant_after_it(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    reader = issuer.bearer({HERE: ["reader"]})
    await statuses(door, PATH, reader, 3)

    forged = {"Authorization": reader["Authorization"][:-4] + "AAAA"}

    assert (await door.get(PATH, headers=forged)).status_code == 401
    assert (await door.post(PATH, headers=reader, json=FACTS)).status_code == 429
    assert (await door.get(f"/v1/forces/{THERE}/leaflets", headers=reader)).status_code == 429


async def test_an_address_that_guesses_tokens_is_told_to_wait_and_valid_ones_from_there_go_on(
    door: httpx2.AsyncClient, issuer: Issuer
) -> None:
    assert await statuses(door, PATH, {"Authorization": "Bearer guess"}, 4) == [401, 401, 429, 429]

    assert (await door.get(PATH)).status_code == 429
    assert (await door.get(PATH, headers=issuer.bearer({HERE: ["reader"]}))).status_code == 200


async def test_what_is_open_to_anyone_is_counted_by_address(door: httpx2.AsyncClient) -> None:
    assert await statuses(door, "/docs", {}, 3) == [200, 200, 429]
    assert (await door.get("/openapi.json")).status_code == 429


async def test_a_header_of_the_callers_own_makes_no_other_address(door: httpx2.AsyncClient) -> None:
    answers = [await door.get("/docs", headers={"X-Forwarded-For": f"8.8.8.{last}"}) for last in range(3)]

    assert answers[-1].status_code == 429


async def test_behind_a_trusted_gateway_each_address_is_its_own(door: httpx2.AsyncClient, runtime: Runtime) -> None:
    runtime.rates = rates("3 per minute", "2 per minute", "2 per minute", "127.0.0.0/8")

    assert await statuses(door, "/docs", {"X-Forwarded-For": "8.8.8.8"}, 3) == [200, 200, 429]
    assert await statuses(door, "/docs", {"X-Forwarded-For": "8.8.4.4"}, 1) == [200]


async def test_health_and_metrics_are_never_counted(door: httpx2.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert await statuses(door, path, {}, 5) == [200] * 5


async def test_a_page_that_is_asked_for_too_often_says_so_as_a_page(runtime: Runtime) -> None:
    await runtime.registry.refresh()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(READMODEL.app(runtime)), base_url="http://pages.test") as browser:
        assert await statuses(browser, "/about", {}, 2) == [200, 200]
        refused = await browser.get("/about")

    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert "Too much was asked for at once" in refused.text
    assert int(refused.headers["Retry-After"]) <= 60
    assert "'nonce-" in refused.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/sign-in?code=guess", "/sign-in/with/someone", "/sign-in/return/someone?code=guess"])
async def test_attempts_to_sign_in_count_with_tokens_that_are_none(runtime: Runtime, path: str) -> None:
    runtime.rates = rates(anyone="100 per minute")
    await runtime.registry.refresh()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(READMODEL.app(runtime)), base_url="http://pages.test") as browser:
        await statuses(browser, "/v1/meetings", {}, 2)

        assert (await browser.get("/sign-in")).status_code == 200
        assert (await browser.get(path)).status_code == 429
        assert (await browser.post("/sign-in", data={"code": "guess"})).status_code == 429


async def test_every_refusal_is_counted_by_what_there_was_too_much_of(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    def refused() -> list[float]:
        return [
            metrics.REGISTRY.get_sample_value("roundtable_rate_limited_total", {"by": by}) or 0
            for by in ("principal", "attempts", "anyone")
        ]

    before = refused()
    await statuses(door, PATH, issuer.bearer({HERE: ["reader"]}), 4)
    await statuses(door, PATH, {}, 4)
    await statuses(door, "/docs", {}, 5)

    assert [after - old for after, old in zip(refused(), before, strict=True)] == [1, 2, 3]


async def test_when_the_window_ends_one_may_ask_again() -> None:
    few, ada = rates(), Principal("ada", {}, NOW)
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            await few.principal(ada)
        clock.shift(timedelta(seconds=50))
        with pytest.raises(TooOften) as refused:
            await few.principal(ada)
        clock.shift(timedelta(seconds=10))
        await few.principal(ada)

    assert refused.value.headers == {"Retry-After": "10"}


async def test_the_defaults_let_one_integration_write_hundreds_a_second(issuer: Issuer, runtime: Runtime) -> None:
    del issuer
    own = runtime.settings
    usual = Rates(own.principal_rate, own.attempt_rate, own.anyone_rate, own.trusted_proxies)
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(20):
            for _ in range(900):
                await usual.principal(Principal("integration", {}, NOW))
            clock.shift(timedelta(seconds=1))


async def test_however_many_names_come_so_many_are_kept_and_the_newest_of_them() -> None:
    counters = Counters(places=3)
    for name in ("first", "second", "third", "fourth", "fifth"):
        await counters.incr(name, 60)

    assert [await counters.get(name) for name in ("second", "third", "fifth")] == [0, 1, 1]
    assert await counters.incr("fifth", 60) == 2
    assert await counters.reset() == 3


async def test_who_began_anew_is_not_forgotten_before_who_began_earlier() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        counters = Counters(places=2)
        await counters.incr("early", 10)
        clock.shift(timedelta(seconds=5))
        await counters.incr("late", 10)
        clock.shift(timedelta(seconds=6))
        await counters.incr("early", 10)
        await counters.incr("new", 10)

        assert [await counters.get(name) for name in ("early", "late", "new")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "counts_for"),
    [
        ("8.8.8.8", [], (), "8.8.8.8"),
        ("::ffff:8.8.8.8", [], (), "8.8.8.8"),
        ("2001:db8:1:2:3::4", [], (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", [], (), "2001:db8:1:2::/64"),
        ("8.8.8.8", ["9.9.9.9"], (), "8.8.8.8"),
        ("8.8.8.8", ["9.9.9.9"], PROXIES, "8.8.8.8"),
        ("10.0.0.1", ["9.9.9.9"], PROXIES, "9.9.9.9"),
        ("::ffff:10.0.0.1", ["9.9.9.9"], PROXIES, "9.9.9.9"),
        ("10.0.0.1", ["made-up, 9.9.9.9"], PROXIES, "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1, 10.0.0.2, 9.9.9.9 "], PROXIES, "9.9.9.9"),
        ("10.0.0.1", ["1.1.1.1", "fd00::2", "9.9.9.9"], PROXIES, "9.9.9.9"),
        ("10.0.0.1", ["2001:db8::7"], PROXIES, "2001:db8::/64"),
        # Someone in a network that gateways are in, who wrote the rest.
        ("10.0.0.1", ["6.6.6.6, 10.0.0.2"], PROXIES, "10.0.0.2"),
        ("10.0.0.1", ["9.9.9.9, made-up"], PROXIES, "10.0.0.1"),
        ("10.0.0.1", [], PROXIES, "10.0.0.1"),
        ("10.0.0.1", [""], PROXIES, "10.0.0.1"),
        ("a-socket-of-unix", ["9.9.9.9"], PROXIES, "a-socket-of-unix"),
    ],
)
def test_an_address_is_the_one_that_a_trusted_gateway_saw_itself(
    peer: str, forwarded: list[str], proxies: tuple[str, ...], counts_for: str
) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    connection = HTTPConnection({"type": "http", "client": (peer, 1), "headers": headers})

    assert asker(connection, [ip_network(each) for each in proxies]) == counts_for
