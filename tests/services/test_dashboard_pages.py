"""What the pages say and how they are sent: facts as they are known, hostile text harmless, a strict policy on every one."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from chassis.runtime import Runtime
from contracts import events as e
from contracts.meeting import Meeting
from readmodel.dashboard.assets import address, files
from tests.conftest import Place
from tests.services.dashboard_scene import Scene, staged
from tests.services.readmodel_world import state, world

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7 * 7 }}"
PUBLISHED = "2045-06-09T10:15:00.000Z"


@pytest.fixture
async def scene(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Scene]:
    async with world(place, await runtimes("readmodel")) as made, staged(made) as scene:
        yield scene


class Tags(HTMLParser):
    """Every tag of a page with its attributes; what is opened must be closed."""

    VOID = frozenset({"meta", "link", "input", "br", "col", "img", "rect", "line"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def _everything(scene: Scene, text: str) -> Meeting:
    """A meeting with all that a page can show, every text of it this one."""
    meeting = await scene.round_table(
        title=text, series=text, purpose=text, hosts=[text], venue={"name": text, "locality": text}, briefings=[text], topics=[text],
        activities=[text], minutes=text, notes=text, attendance_note=text,
    )  # fmt: skip
    said = {"you_said": text, "published_at": PUBLISHED}
    concern = await scene.concern(meeting, category=text, said=text, locality=text, response=text, responded_at=PUBLISHED, publication=said)
    told = {"we_promised": text, "we_did": text, "published_at": PUBLISHED}
    await scene.promise(concern, meeting=meeting, owner_role=text, commitment=text, due_on="2045-06-01", publication=told)
    await scene.promise(meeting=meeting, owner_role=text, commitment=text, status="closed", outcome=text, outcome_note=text)
    await scene.thought(meeting, text, gist=text, confidence_before=2, confidence_after=4)
    planned = {"kind": text, "title": text, "visibility": "public", "status": "scheduled", "starts_at": "2045-06-21T10:00:00.000Z"}
    await scene.world.tell(e.MeetingScheduled(state(Meeting, scene.force, venue={"name": text}, **planned)))
    return meeting


async def _pages(scene: Scene, meeting: Meeting | None) -> dict[str, Any]:
    browser, force = await scene.signed_in("reader"), scene.force
    addresses = [
        "/",
        f"/?force={force}",
        "/overview",
        "/overview?period=365",
        "/overview?period=all",
        f"/overview?force={force}",
        "/about",
        "/catalog",
        "/sign-in",
    ]
    addresses += [f"/forces/{force}", "/forces/nowhere", "/forces/nowhere/at/all", *([scene.page_of(meeting)] if meeting else [])]
    return {each: await browser.get(each) for each in addresses}


async def test_hostile_text_is_shown_and_does_nothing(scene: Scene) -> None:
    meeting = await _everything(scene, HOSTILE)
    for page, answer in (await _pages(scene, meeting)).items():
        tags = Tags(answer.text)
        assert [set(each) for each in tags.of("script")] == [{"type", "src", "nonce"}], page
        assert tags.of("img") == [], page
        assert not any(name.startswith("on") or name == "style" for _, attributes in tags.found for name in attributes), page


async def test_every_page_has_a_policy_without_anything_inline(scene: Scene) -> None:
    meeting = await _everything(scene, "a text")
    nonces = set()
    for page, answer in (await _pages(scene, meeting)).items():
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
        nonces.add(nonce)
        assert "unsafe" not in answer.headers["content-security-policy"], page
        assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'", "'none'"), page
        assert {tag["nonce"] for tag in Tags(answer.text).of("script")} == {nonce}, page
        assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"], answer.headers["cache-control"]) == (
            "nosniff",
            "no-referrer",
            "no-store",
        ), page
    assert len(nonces) == len(await _pages(scene, meeting))


async def test_every_page_is_made_of_nothing_at_all(scene: Scene) -> None:
    pages = await _pages(scene, None)
    assert {page: answer.status_code for page, answer in pages.items() if "nowhere" not in page} == {
        page: 200 for page in pages if "nowhere" not in page
    }
    assert "Nothing recorded yet." in pages["/overview"].text
    assert "Nothing needs attention." in pages["/overview"].text
    assert "Nothing published yet" in pages["/"].text
    assert "No meetings here." in pages[f"/forces/{scene.force}"].text


async def test_a_meeting_of_which_nothing_is_known_has_a_page(scene: Scene) -> None:
    meeting = state(Meeting, scene.force, status="held")
    await scene.world.tell(e.MeetingHeld(meeting))
    page = (await (await scene.signed_in("reader")).get(scene.page_of(meeting))).text
    assert "Date not recorded" in page
    assert "No concern was recorded of this meeting." in page
    assert "No feedback was recorded." in page


async def test_an_erased_meeting_leaves_a_page_that_says_so(scene: Scene) -> None:
    meeting = await _everything(scene, "what nobody may read any more")
    erased = meeting.model_copy(update={"version": 2, "erased_at": meeting.recorded_at or scene.world.runtime.now()})
    await scene.world.tell(e.MeetingErased(erased))
    page = (await (await scene.signed_in("reader")).get(scene.page_of(meeting))).text
    assert '<h1 class="rt-h1">Erased meeting</h1>' in page


async def test_every_page_has_one_first_heading_and_no_level_left_out(scene: Scene) -> None:
    meeting = await _everything(scene, "a text")
    for page, answer in (await _pages(scene, meeting)).items():
        tags = Tags(answer.text)
        levels = [int(tag[1]) for tag, _ in tags.found if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1, page
        assert all(lower - upper <= 1 for upper, lower in pairwise(levels)), page
        ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
        assert len(ids) == len(set(ids)), page
        assert tags.of("main")[0]["id"] == "main-content", page


async def test_the_chain_says_what_is_owed_first(scene: Scene) -> None:
    meeting = await scene.round_table()
    late, bare, kept = [await scene.concern(meeting, category=each) for each in ("hate-crime", "drugs", "burglary")]
    await scene.promise(late, meeting=meeting, due_on="2045-06-06")
    await scene.promise(kept, meeting=meeting, status="closed", outcome="completed")
    page = (await (await scene.signed_in("reader")).get(scene.page_of(meeting))).text
    assert (
        "<strong>Six weeks on, one promise is overdue,</strong> one of three concerns has nothing promised and one promise is kept." in page
    )
    assert [page.index(heading) for heading in _HEADINGS] == sorted(page.index(heading) for heading in _HEADINGS)
    assert page.index(f"concern-{late.id}") < page.index(f"concern-{bare.id}") < page.index(f"concern-{kept.id}")
    assert "12 days overdue" in page


_HEADINGS = ("1 promise overdue", "1 concern with nothing promised", "1 promise kept", "How it came to this")


async def test_a_period_of_which_nothing_is_known_gives_way_to_everything(scene: Scene) -> None:
    await scene.round_table(held_on=None, held_from=None, held_to=None)
    browser = await scene.signed_in("reader")
    usual, asked = (await browser.get("/overview")).text, (await browser.get("/overview?period=91")).text
    assert "Nothing was recorded of the last 91 days, so this is everything recorded" in usual
    assert "One meeting was held" not in asked
    assert "date not recorded" in usual


async def test_assets_are_kept_for_ever_under_an_address_that_changes_with_them(scene: Scene) -> None:
    browser = scene.browser()
    for name in files():
        answer = await browser.get(address(name))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    former = await browser.get("/static/0000000000000000/roundtable.css")
    assert (former.status_code, former.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["../assets.py", "..%2Fassets.py", "/etc/passwd", "govuk/LICENCE", "", "roundtable.css/"])
async def test_nothing_but_assets_is_served_beside_the_pages(scene: Scene, name: str) -> None:
    assert (await scene.browser().get(f"/static/x/{name}")).status_code == 404


def test_assets_name_no_font_or_address_of_anyone_else() -> None:
    text = "".join(path.read_text() for path in files().values() if path.suffix == ".css")
    assert not any(word in text for word in ("GDS Transport", "@font-face", "url(", "govuk-crest", "@import"))
