"""Texts that a caller vouches for, in both owners: recorded, amended, read by everyone, and logged without a word of them."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from chassis.runtime import Runtime
from contracts.concern import Concern
from contracts.events import ConcernRaised
from readmodel.model import Model
from roundtable import rebuilding
from tests import builders
from tests.conftest import Place
from tests.services.callers import HELD, PATROLS, RESOLVED, Caller, done, raised, refused
from tests.services.readmodel_world import state
from tests.services.rebuilding import Scene, hurried
from tests.services.verified import verified

FIRST, SECOND = Model(1), Model(1, 2)
rebuilding_model = pytest.fixture(hurried)
HELPLINE = "The helpline 0300 123 1212 was never answered"
HOME = "They meet at 14 Queen Street, NN16 0AA"


@pytest.fixture
def log() -> Iterator[LogCapture]:
    captured = LogCapture()
    structlog.configure(processors=[captured], cache_logger_on_first_use=False)
    yield captured
    structlog.reset_defaults()


def overridden(log: LogCapture) -> list[dict[str, object]]:
    return [dict(entry) for entry in log.entries if entry["event"] == "screening_overridden"]


async def test_a_concern_with_a_helpline_goes_all_its_way(concerns: Caller, log: LogCapture) -> None:
    refusal = await concerns.post("/concerns", PATROLS | {"said": HELPLINE})
    concern = await concerns.vouching("/said").made("/concerns", PATROLS | {"said": HELPLINE})
    for operation, body in [
        ("respond", {"response": HELPLINE}),
        ("publish", {"you_said": HELPLINE}),
        ("close", RESOLVED | {"reason": HOME}),
        ("reopen", {"reason": HOME}),
    ]:
        path = f"/concerns/{concern['id']}/{operation}"
        assert (await concerns.post(path, body, version=concern["version"])).status_code == 422
        concern = await concerns.vouching("/response", "/you_said", "/reason").changed(concern, operation, body)

    assert refused(refusal) == (422, "invalid-request", "#/said")
    assert (concern["said"], concern["response"], concern["reason"]) == (HELPLINE, HELPLINE, HOME)
    assert (await concerns.seen(concern)) == concern
    assert [(entry["passed"], entry["recorded"]) for entry in overridden(log)] == [
        ({"/said": ["phone"]}, f"{concern['id']}@1"),
        ({"/response": ["phone"]}, f"{concern['id']}@2"),
        ({"/you_said": ["phone"]}, f"{concern['id']}@3"),
        ({"/reason": ["home_address"]}, f"{concern['id']}@4"),
        ({"/reason": ["home_address"]}, f"{concern['id']}@5"),
    ]
    assert {(entry["subject"], entry["force"]) for entry in overridden(log)} == {("ada", concerns.force)}
    assert not any(words in str(log.entries) for words in ("Queen", "NN16", "0300", "1212"))


async def test_a_concern_that_holds_such_a_text_is_amended_in_all_else(concerns: Caller) -> None:
    concern = await concerns.vouching("/said").made("/concerns", PATROLS | {"said": HELPLINE})

    concern = await concerns.amended(concern, priority="high", locality="Kettering")
    again = await concerns.patch(concerns.path_of(concern), {"said": HOME}, version=2)
    concern = await concerns.vouching("/said").amended(concern, said=HOME)
    concern = await concerns.amended(concern, sensitive=True)

    assert refused(again) == (422, "invalid-request", "#/said")
    assert (concern["said"], concern["priority"], concern["version"]) == (HOME, "high", 4)


async def test_a_meeting_and_its_organisation_hold_such_texts_too(meetings: Caller) -> None:
    mosque = {"name": "A mosque", "address": "12 Bull Royd Lane, BD8 0LH", "visiting_guidance": ["Shoes off", HELPLINE]}
    assert refused(await meetings.post("/organisations", mosque))[2] == "#/visiting_guidance/1"
    organisation = await meetings.vouching("/visiting_guidance/1").made("/organisations", mosque)
    organisation = await meetings.amended(organisation, locality="Bradford")

    venue = {"name": "Hall", "address": "14 Queen Street, NN16 0AA", "locality": HELPLINE}
    meeting = await meetings.vouching("/venue/locality", "/minutes").made("/meetings", HELD | {"venue": venue, "minutes": HOME})
    meeting = await meetings.amended(meeting, venue={"name": "Library"}, topics=["parking"])
    feedback = await meetings.vouching("/gist").made(f"/meetings/{meeting['id']}/feedback", {"gist": HELPLINE})

    assert organisation["visiting_guidance"] == ["Shoes off", HELPLINE]
    assert (meeting["minutes"], meeting["venue"]["locality"], meeting["venue"]["name"]) == (HOME, HELPLINE, "Library")
    assert feedback["gist"] == HELPLINE
    refusal = await meetings.patch(meetings.path_of(meeting), {"topics": ["parking", HOME]}, version=meeting["version"])
    assert refused(refusal)[2] == "#/topics/1"


async def test_a_request_that_is_sent_again_says_so_again_and_is_answered_as_before(concerns: Caller) -> None:
    body, sure = PATROLS | {"said": HELPLINE}, concerns.vouching("/said")

    too_soon = await concerns.post("/concerns", body, key="once")
    first = await sure.post("/concerns", body, key="once")
    again = await sure.post("/concerns", body, key="once")
    with_more = await concerns.vouching("/said", "/locality").post("/concerns", body, key="once")
    without = await concerns.post("/concerns", body, key="once")

    assert [answer.status_code for answer in (too_soon, first, again, with_more, without)] == [422, 201, 201, 201, 422]
    assert done(first, 201) == done(again, 201) == done(with_more, 201)
    assert "idempotent-replayed" in again.headers
    assert await concerns.stored("concerns").count({}) == 1


async def test_a_header_that_cannot_be_read_records_nothing(concerns: Caller) -> None:
    answer = await concerns.vouching("said").post("/concerns", PATROLS)

    assert refused(answer)[:2] == (400, "bad-not-personal-data")
    assert await concerns.stored("concerns").count({}) == 0


async def test_a_text_that_nothing_is_found_in_is_no_matter_of_anyones_word(concerns: Caller, log: LogCapture) -> None:
    concerns = concerns.vouching("/said", "/nothing")

    assert (await raised(concerns))["said"] == PATROLS["said"]
    assert overridden(log) == []


async def test_nobody_screens_what_is_recorded_again(
    place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch
) -> None:
    concern = builders.concern(place.force).model_copy(update={"said": HELPLINE, "locality": HOME})

    async with verified(place, runtimes, monkeypatch) as there:
        await there.notifications.recorded(ConcernRaised(concern))
        await there.all_read(1)

        assert await there.verify() == {}
        assert await there.republish() == 1
        assert await there.verify() == {}


async def test_a_rebuilt_model_holds_such_texts_too(rebuilding_model: Scene) -> None:
    there = rebuilding_model
    await there.start()
    await there.send(ConcernRaised(state(Concern, there.place.force, said=HELPLINE, locality=HOME)))
    await there.projected()
    before = await there.content(FIRST)

    rebuilding.ask(there.desk)
    await there.swapped(SECOND)

    assert HOME in str(before)
    assert await there.content(SECOND) == before
