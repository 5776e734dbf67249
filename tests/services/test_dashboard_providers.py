"""Signing in by an identity provider: a code works once, in the browser that asked for it, for the client and person it is of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
import yaml
from pytest_httpserver import HTTPServer

from chassis.runtime import Runtime
from readmodel.dashboard.flow import COOKIE as FLOW
from readmodel.dashboard.sessions import COOKIE
from readmodel.settings import Settings
from tests.conftest import Place
from tests.realm import CLIENT, Asked, Keycloak
from tests.services.dashboard_scene import NOW, Scene, staged
from tests.services.readmodel_world import world

BACK = "/sign-in/return/kent"


@pytest.fixture
async def scene(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Scene]:
    async with world(place, await runtimes("readmodel")) as made, staged(made) as scene:
        yield scene


@pytest.fixture
def keycloak(scene: Scene, httpserver: HTTPServer) -> Keycloak:
    return Keycloak(httpserver, scene.force)


@pytest.fixture
def trusted(scene: Scene, keycloak: Keycloak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Trusts the provider for signing in."""

    def trust(**more: Any) -> None:
        (tmp_path / "issuers.yml").write_text(yaml.safe_dump({"issuers": [keycloak.described(**more)]}))
        for name, value in scene.world.place.environment("readmodel").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ROUNDTABLE_ISSUERS", str(tmp_path / "issuers.yml"))
        monkeypatch.setenv("ROUNDTABLE_DASHBOARD_URL", "https://roundtable.test")
        scene.world.runtime.settings = Settings()

    trust()
    return trust


async def left(browser: httpx2.AsyncClient) -> str:
    """Where a browser is sent to that signs in by the provider."""
    answer = await browser.get("/sign-in/with/kent")
    assert answer.status_code == 303
    return answer.headers["location"]


async def signed_in(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/overview")).status_code == 200


@pytest.mark.usefixtures("trusted")
async def test_the_sign_in_page_names_the_provider_and_leads_there(scene: Scene, keycloak: Keycloak) -> None:
    browser = scene.browser()
    assert "Sign in with Kent Police" in (await browser.get("/sign-in")).text

    address = await left(browser)

    asked = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(f"{keycloak.issuer}/auth?")
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid")
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (f"https://roundtable.test{BACK}", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"], browser.cookies[FLOW]}) == 4


@pytest.mark.usefixtures("trusted")
async def test_whoever_comes_back_with_a_code_is_signed_in_with_what_the_roles_mean(scene: Scene, keycloak: Keycloak) -> None:
    browser = scene.browser()

    back = await browser.get(BACK, params=keycloak.allows(await left(browser)))

    assert (back.status_code, back.headers["location"]) == (303, "/overview")
    assert FLOW not in browser.cookies
    assert await signed_in(browser)
    assert (await browser.get(f"/forces/{scene.force}")).status_code == 200
    (stored,) = await scene.world.runtime.mongo.collection("signin", "sessions").find({})
    assert (stored["subject"], stored["grants"]) == ("kent:ada", [{"force": scene.force, "roles": ["reader"]}])
    assert stored["expires_at"] == NOW + timedelta(hours=1)


async def test_a_session_lives_as_long_as_the_file_says(scene: Scene, keycloak: Keycloak, trusted: Callable[..., None]) -> None:
    trusted(minutes=5)
    browser = scene.browser()
    back = await browser.get(BACK, params=keycloak.allows(await left(browser)))
    assert f"{COOKIE}=" in back.headers["set-cookie"]
    assert "Max-Age=300" in back.headers["set-cookie"]

    scene.world.runtime.clock = lambda: NOW + timedelta(minutes=5)

    assert not await signed_in(browser)


async def test_a_client_that_has_a_secret_shows_it(scene: Scene, keycloak: Keycloak, trusted: Callable[..., None], tmp_path: Path) -> None:
    keycloak.secret = "a secret"
    browser = scene.browser()
    assert (await browser.get(BACK, params=keycloak.allows(await left(browser)))).status_code == 403

    (tmp_path / "secret").write_text("a secret\n")
    trusted(client_secret_file=str(tmp_path / "secret"))
    scene.world.runtime._kept.clear()
    keycloak.secret = "a%20secret"
    assert (await browser.get(BACK, params=keycloak.allows(await left(browser)))).status_code == 303


@pytest.mark.usefixtures("trusted")
async def test_a_code_works_once(scene: Scene, keycloak: Keycloak) -> None:
    browser = scene.browser()
    address = await left(browser)
    cookie, answer = browser.cookies[FLOW], keycloak.allows(address)
    assert (await browser.get(BACK, params=answer)).status_code == 303

    again = scene.browser()
    again.cookies.set(FLOW, cookie)

    assert (await again.get(BACK, params=answer)).status_code == 403
    assert not await signed_in(again)


@pytest.mark.usefixtures("trusted")
async def test_a_code_works_in_the_browser_alone_that_asked_for_it(scene: Scene, keycloak: Keycloak) -> None:
    answer = keycloak.allows(await left(scene.browser()))
    victim = scene.browser()
    assert (await victim.get(BACK, params=answer)).status_code == 403

    await left(victim)
    own_state = answer | {"state": dict(parse_qsl(urlsplit(await left(victim)).query))["state"]}

    assert (await victim.get(BACK, params=answer)).status_code == 403
    await left(victim)
    assert (await victim.get(BACK, params=own_state)).status_code == 403
    assert not await signed_in(victim)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": "guessed"},
        {"state": ""},
        {"state": "x"},
        {"state": "é"},
        {"iss": "https://elsewhere.example"},
        {"code": "", "error": "access_denied"},
    ],
)
async def test_an_answer_that_is_not_whole_signs_nobody_in(scene: Scene, keycloak: Keycloak, wrong: Asked) -> None:
    browser = scene.browser()

    back = await browser.get(BACK, params=keycloak.allows(await left(browser)) | wrong)

    assert back.status_code == 403
    assert "Kent Police did not sign you in" in back.text
    assert not await signed_in(browser)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "identity", [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"exp": 1}, {"sub": "grace"}, {"iss": "urn:x"}]
)
async def test_an_id_token_of_another_sign_in_client_or_person_signs_nobody_in(
    scene: Scene, keycloak: Keycloak, identity: dict[str, Any]
) -> None:
    keycloak.identity = identity
    browser = scene.browser()

    assert (await browser.get(BACK, params=keycloak.allows(await left(browser)))).status_code == 403
    assert not await signed_in(browser)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("access", [{"aud": "another"}, {"exp": 1}, {"realm_access": {"roles": "officer"}}])
async def test_an_access_token_that_is_not_good_signs_nobody_in(scene: Scene, keycloak: Keycloak, access: dict[str, Any]) -> None:
    keycloak.access = access
    browser = scene.browser()

    assert (await browser.get(BACK, params=keycloak.allows(await left(browser)))).status_code == 403


@pytest.mark.usefixtures("trusted")
async def test_a_provider_that_is_away_is_said_so_and_nobody_is_signed_in(scene: Scene, keycloak: Keycloak, httpserver: HTTPServer) -> None:
    browser = scene.browser()
    answer = keycloak.allows(await left(browser))
    httpserver.clear()

    assert (await browser.get(BACK, params=answer)).status_code == 403
    assert (await browser.get("/sign-in/with/kent")).status_code == 403
    assert "Kent Police did not sign you in" in (await browser.get("/sign-in/with/kent")).text


@pytest.mark.usefixtures("trusted")
async def test_a_provider_that_is_not_listed_leads_nowhere(scene: Scene) -> None:
    assert (await scene.browser().get("/sign-in/with/essex")).status_code == 404
    assert (await scene.browser().get("/sign-in/return/essex", params={"code": "x", "state": "y"})).status_code == 404


async def test_without_a_file_of_issuers_no_provider_is_shown(scene: Scene) -> None:
    assert "Sign in with" not in (await scene.browser().get("/sign-in")).text
    assert (await scene.browser().get("/sign-in/with/kent")).status_code == 404
