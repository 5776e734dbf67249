"""Signing in and out: a link works once and not for long, a session ends, and what is revoked is gone at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from chassis.rates import Rates
from chassis.runtime import Runtime
from readmodel.dashboard.sessions import COOKIE
from tests.conftest import Place
from tests.services.dashboard_scene import NOW, TYPED, Scene, staged
from tests.services.readmodel_world import world


@pytest.fixture
async def scene(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Scene]:
    async with world(place, await runtimes("readmodel")) as made, staged(made) as scene:
        yield scene


async def test_a_link_signs_in_once(scene: Scene) -> None:
    code = await scene.code()
    first = await scene.browser().get("/sign-in", params={"code": code}, headers=TYPED)
    second = await scene.browser().get("/sign-in", params={"code": code}, headers=TYPED)
    assert (first.status_code, first.headers["location"]) == (303, "/overview")
    assert second.status_code == 403
    assert "set-cookie" not in second.headers
    assert "This link does not sign you in" in second.text


async def test_a_link_that_is_too_old_signs_nobody_in(scene: Scene) -> None:
    code = await scene.code(lives=timedelta(seconds=-1))
    assert (await scene.browser().get("/sign-in", params={"code": code})).status_code == 403


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(scene: Scene) -> None:
    plain = await scene.browser().get("/sign-in", params={"code": await scene.code()})
    gateway = await scene.browser().get("/sign-in", params={"code": await scene.code()}, headers={"x-forwarded-proto": "https"})
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.headers["set-cookie"].split("; "))
    assert "Secure" not in plain.headers["set-cookie"]
    assert "Secure" in gateway.headers["set-cookie"]


@pytest.mark.parametrize("header", [{"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}])
async def test_a_prefetched_link_still_works(scene: Scene, header: dict[str, str]) -> None:
    code = await scene.code()
    ahead = await scene.browser().get("/sign-in", params={"code": code}, headers=header | TYPED)
    assert (ahead.status_code, ahead.headers.get("set-cookie")) == (204, None)
    assert (await scene.browser().get("/sign-in", params={"code": code}, headers=TYPED)).status_code == 303


async def test_a_link_on_another_sites_page_shows_a_button_that_signs_in(scene: Scene) -> None:
    code, browser = await scene.code(), scene.browser()
    shown = await browser.get("/sign-in", params={"code": code}, headers={"sec-fetch-site": "cross-site"})
    assert (shown.status_code, shown.headers.get("set-cookie")) == (200, None)
    assert f'value="{code}"' in shown.text
    elsewhere = await browser.post("/sign-in", data={"code": code}, headers={"sec-fetch-site": "cross-site"})
    assert (elsewhere.status_code, elsewhere.headers.get("set-cookie")) == (403, None)
    pressed = await browser.post("/sign-in", data={"code": code}, headers={"sec-fetch-site": "same-origin"})
    assert pressed.status_code == 303


async def test_the_database_holds_hashes_of_codes_and_cookies_alone(scene: Scene) -> None:
    browser = await scene.signed_in("reader")
    stored = await scene.world.runtime.mongo.collection("signin", "sessions").find({})
    assert len(stored) == 1
    assert browser.cookies[COOKIE] not in str(stored)
    assert await scene.world.runtime.mongo.collection("signin", "codes").find({}) == []


async def test_a_session_ends_after_eight_hours(scene: Scene) -> None:
    browser = await scene.signed_in("reader")
    scene.world.runtime.clock = lambda: NOW + timedelta(hours=8, seconds=-1)
    assert (await browser.get("/overview")).status_code == 200
    scene.world.runtime.clock = lambda: NOW + timedelta(hours=8)
    ended = await browser.get("/overview")
    assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in")


async def test_the_database_drops_sessions_that_are_over(scene: Scene) -> None:
    with scene.database("signin") as database:
        assert database["sessions"].index_information()["expiry"]["expireAfterSeconds"] == 0


async def test_signing_out_ends_the_session_wherever_its_cookie_still_is(scene: Scene) -> None:
    browser = await scene.signed_in("reader")
    cookie = browser.cookies[COOKIE]
    token = (await browser.get("/overview")).text.split('name="token" value="')[1].split('"')[0]
    out = await browser.post("/sign-out", data={"token": token})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    kept = scene.browser()
    kept.cookies.set(COOKIE, cookie)
    assert (await kept.get("/overview")).status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_nobody_is_signed_out_by_a_form_of_another_page(scene: Scene, token: str) -> None:
    browser = await scene.signed_in("reader")
    assert (await browser.post("/sign-out", data={"token": token})).status_code == 403
    assert (await browser.get("/overview")).status_code == 200


async def test_signing_in_anew_ends_the_session_before(scene: Scene) -> None:
    browser = await scene.signed_in("reader")
    former = scene.browser()
    former.cookies.set(COOKIE, browser.cookies[COOKIE])
    await browser.get("/sign-in", params={"code": await scene.code()}, headers=TYPED)
    assert (await browser.get("/overview")).status_code == 200
    assert (await former.get("/overview")).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "../..", "a" * 5000, "%00", '{"$gt":""}'])
async def test_a_cookie_that_is_none_of_ours_is_nobody(scene: Scene, cookie: str) -> None:
    answer = await scene.browser().get("/overview", headers={"cookie": f"{COOKIE}={cookie}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_a_revoked_grant_is_gone_at_the_next_page(scene: Scene) -> None:
    browser, force = await scene.signed_in("reader"), scene.force
    revoked = {"_id": f"ada:{force}", "subject": "ada", "force": force, "roles": ["reader"], "revoked_at": datetime.now(UTC)}
    with scene.database("registry") as database:
        database["grants"].insert_one(revoked)
    await scene.world.runtime.registry.refresh()
    refused = await browser.get("/overview")
    assert refused.status_code == 403
    assert "You are signed in, but have no force yet" in refused.text
    assert (await browser.get(f"/forces/{force}")).status_code == 403


async def test_who_is_signed_in_is_counted_by_name_and_not_by_address(scene: Scene) -> None:
    ada, somebody = await scene.signed_in("reader"), scene.browser()
    scene.world.runtime.rates = Rates("2 per hour", "10 per hour", "1 per hour", ())

    assert [(await somebody.get("/about")).status_code for _ in range(2)] == [200, 429]
    assert [(await ada.get("/about")).status_code for _ in range(3)] == [200, 200, 429]


async def test_who_tries_too_many_codes_does_not_use_up_one_that_is_good(scene: Scene) -> None:
    code, browser = await scene.code(), scene.browser()
    scene.world.runtime.rates = Rates("100 per hour", "2 per hour", "100 per hour", ())

    guesses = [(await browser.get("/sign-in", params={"code": f"guess-{n}"}, headers=TYPED)).status_code for n in range(3)]
    refused = await browser.get("/sign-in", params={"code": code}, headers=TYPED)
    scene.world.runtime.rates = Rates("100 per hour", "2 per hour", "100 per hour", ())

    assert (guesses, refused.status_code) == ([403, 403, 429], 429)
    assert (await browser.get("/sign-in", params={"code": code}, headers=TYPED)).status_code == 303
