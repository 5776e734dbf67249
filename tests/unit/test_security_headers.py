"""What every answer of every service tells browsers and caches: nothing in it runs, is framed, kept or fetched by another site."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import httpx2
import pytest

from chassis.rates import Rates
from chassis.runtime import Runtime
from tests.unit.leaflets import HERE, PATH, Issuer
from tests.unit.test_every_route import EVERY, SERVICES, asked

GUARDS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PAGES = ["/about", "/sign-in", "/catalog", "/sign-in/with/nobody", "/"]


@pytest.fixture
async def browser(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    await runtime.registry.refresh()
    transport = httpx2.ASGITransport(SERVICES["readmodel"].app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://pages.test") as client:
        yield client
    await runtime.exits.aclose()


def unguarded(answer: httpx2.Response) -> list[str]:
    """What an answer lacks, or says twice."""
    lacking = [name for name, value in GUARDS.items() if answer.headers.get_list(name) != [value]]
    policy = answer.headers.get_list("Content-Security-Policy")
    if len(policy) != 1 or not {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy[0].split("; ")) or "unsafe" in policy[0]:
        lacking.append("Content-Security-Policy")
    alone = ("Cache-Control", "Permissions-Policy")
    return lacking + [name for name in alone if len(answer.headers.get_list(name)) != 1]


@pytest.mark.parametrize("name", SERVICES)
async def test_every_answer_of_every_service_is_guarded(runtime: Runtime, name: str) -> None:
    answers: list[httpx2.Response] = []

    async def keep(answer: httpx2.Response) -> None:
        answers.append(answer)

    await runtime.registry.refresh()
    transport = httpx2.ASGITransport(SERVICES[name].app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://s.test", event_hooks={"response": [keep]}) as client:
        for service, route in EVERY:
            if service == name:
                await asked(client, route, {})
        for path in ("/nowhere", "/nowhere%00", "/static/x/icon.svg"):
            await client.get(path)
        await client.put("/health/live")
    await runtime.exits.aclose()

    assert {answer.status_code for answer in answers} >= {200, 400, 401, 404, 405}
    assert {f"{answer.url} {answer.status_code}: {unguarded(answer)}" for answer in answers if unguarded(answer)} == set()
    # Whether others must come by https is for the gateway to say: on one's own machine it would shut out what has no certificate.
    assert not [answer for answer in answers if "Strict-Transport-Security" in answer.headers]


async def test_what_carries_records_is_kept_by_no_cache(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    for path in (PATH, "/v1/mine", "/v1/live"):
        answer = await door.get(path, headers=issuer.bearer({HERE: ["reader"]}))
        assert (answer.status_code, unguarded(answer)) == (200, [])
        # The library's live streams say `no-cache`.
        assert answer.headers["Cache-Control"] == ("no-cache" if path == "/v1/live" else "no-store")


async def test_a_failure_of_ours_is_guarded_too(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/broken")

    assert (answer.status_code, unguarded(answer)) == (500, [])


async def test_what_an_answer_says_itself_is_left_as_it_is(browser: httpx2.AsyncClient) -> None:
    schema = await browser.get("/catalog/schemas/concern-raised.v1.json")
    page = await browser.get("/about")

    assert schema.headers["Cache-Control"] == "public, max-age=3600"
    assert "script-src" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_only_what_bears_its_nonce(browser: httpx2.AsyncClient, path: str) -> None:
    page, again = await browser.get(path), await browser.get(path)
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")

    assert len(nonce) >= 20
    assert policy == {
        "default-src": "'none'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": f"'nonce-{nonce}'",
    }
    bearing = re.findall(r"<script[^>]*>|<link rel=\"stylesheet\"[^>]*>", page.text)
    assert bearing
    assert all(f'nonce="{nonce}"' in tag for tag in bearing)
    assert nonce not in again.headers["Content-Security-Policy"]


async def test_a_page_that_refuses_is_as_strict(browser: httpx2.AsyncClient, runtime: Runtime) -> None:
    runtime.rates = Rates("1 per hour", "1 per hour", "1 per hour", ())
    await browser.get("/about")

    await test_a_page_runs_only_what_bears_its_nonce(browser, "/about")


async def test_the_page_at_docs_is_styled_by_the_one_style_that_its_policy_names(door: httpx2.AsyncClient) -> None:
    page = await door.get("/docs")

    style = page.text.partition("<style>")[2].partition("</style>")[0]
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script|style=|\bon\w+=", page.text)


async def test_a_form_is_taken_in_within_the_bounds_of_every_body(browser: httpx2.AsyncClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"code=" + b"x" * 65_536

    refused = await browser.post("/sign-in", content=endless(), headers=form)
    # One that fits is read: a field that is too long is found.
    read = await browser.post("/sign-out", content=b"token=" + b"x" * 201, headers=form)

    assert (refused.status_code, refused.json()["type"]) == (413, "urn:roundtable:problem:body-too-large")
    assert (read.status_code, (await browser.post("/sign-out", content=b"token=x", headers=form)).status_code) == (404, 303)
