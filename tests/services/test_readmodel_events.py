"""Events as they are stored: from the log by way of the projector, and read back from the log."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from chassis.kafka import producer, stop
from chassis.runtime import Runtime
from contracts import events as e
from contracts.codec import Message, encode
from contracts.event import EVENTS
from contracts.topics import topic
from readmodel.projector import project
from tests import builders
from tests.conftest import Place, eventually, running
from tests.services.readmodel_world import Record, World, world


@dataclass
class Live:
    """A read model that projects what comes over the log."""

    world: World
    recording: Runtime

    async def publish(self, *messages: Message) -> None:
        """Send events over the log, and wait until they are projected."""
        sending = producer(self.recording.settings)
        await sending.start()
        for message in messages:
            key_of = encode(message)
            await sending.send_and_wait(topic(message.force), key_of[1], key=key_of[0], headers=key_of[2])
        await stop(sending)
        await eventually(lambda: self._seen(messages))

    async def _seen(self, messages: Sequence[Message]) -> bool:
        wanted = {f"{message.force}:{message.id}" for message in messages}
        return await self.world.stored("history").count({"_id": {"$in": list(wanted)}}) == len(wanted)

    async def pages(self, query: str, *grants: str) -> list[list[Record]]:
        """Every page of events."""
        found: list[list[Record]] = []
        after: str | None = ""
        while after is not None:
            page = await self.world.read(f"/events?{query}{after and '&after=' + after}", *grants)
            found.append(page["items"])
            after = page["next"]
        return found


@pytest.fixture
async def live(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Live]:
    recording, reading = await runtimes("concerns"), await runtimes("readmodel")
    async with world(place, reading) as made, running(reading, project(reading)):
        yield Live(made, recording)


async def test_an_event_is_shown_as_it_was_sent_without_what_is_sealed(live: Live) -> None:
    sent = await live.world.sealed(builders.concern_raised(live.world.force))
    await live.publish(sent)

    [[shown]] = await live.pages("")

    assert shown == sent.structured()
    assert "sealed" not in shown["data"]
    assert (await live.world.read(f"/concerns/{sent.subject}"))["said"] == "dealing in the town centre"


async def test_events_come_once_each_and_each_records_in_the_order_of_its_versions(live: Live) -> None:
    messages = []
    for _ in range(4):
        concern = builders.concern(live.world.force)
        messages += [await live.world.sealed(e.ConcernRaised(concern)), await live.world.sealed(e.ConcernProgressed(concern.next()))]
    # What the relay sends twice stands in the log twice, and is one event all the same.
    await live.publish(*messages, messages[0])

    pages = await live.pages("limit=3")

    shown = [event for page in pages for event in page]
    assert sorted(event["id"] for event in shown) == sorted(message.id for message in messages)
    for subject in {event["subject"] for event in shown}:
        assert [int(event["sequence"]) for event in shown if event["subject"] == subject] == [1, 2]


async def test_the_end_of_the_log_tells_where_to_go_on(live: Live) -> None:
    first, second = [await live.world.sealed(builders.concern_raised(live.world.force)) for _ in range(2)]
    await live.publish(first)
    end = await live.world.read("/events")
    await live.publish(second)

    more = await live.world.read(f"/events?after={end['after']}")

    assert end["next"] is None
    assert [event["id"] for event in more["items"]] == [second.id]
    assert (await live.world.read(f"/events?after={more['after']}"))["items"] == []


async def test_events_are_found_by_type_and_by_record(live: Live) -> None:
    concern = builders.concern(live.world.force)
    raised, progressed = await live.world.sealed(e.ConcernRaised(concern)), await live.world.sealed(e.ConcernProgressed(concern.next()))
    opened = await live.world.sealed(builders.action_opened(live.world.force))
    await live.publish(raised, progressed, opened)

    found = {}
    for query in ("type=concern-raised", f"type={opened.type}", "type=action-opened&type=concern-raised", f"subject={concern.id}"):
        found[query] = {event["id"] for page in await live.pages(query) for event in page}

    assert list(found.values()) == [{raised.id}, {opened.id}, {raised.id, opened.id}, {raised.id, progressed.id}]


async def test_older_versions_show_no_more_than_the_record_shows_now(live: Live) -> None:
    concern = builders.concern(live.world.force)
    raised = await live.world.sealed(e.ConcernRaised(concern))
    hidden = await live.world.sealed(e.ConcernAmended(concern.next(sensitive=True)))
    await live.publish(raised, hidden)

    [shown] = await live.pages("", "sensitive_reader")

    assert [event["data"]["sensitive"] for event in shown] == [True, True]
    assert all("category" not in event["data"] for event in shown)


async def test_of_an_erased_record_every_event_is_a_stub(live: Live) -> None:
    concern = builders.concern(live.world.force)
    raised = await live.world.sealed(e.ConcernRaised(concern))
    erased = await live.world.sealed(e.ConcernErased(concern.next(erased_at=builders.NOW)))
    await live.publish(raised, erased)

    [shown] = await live.pages("")

    assert [event["data"].keys() for event in shown] == [{"id", "force", "version", "last_event", "erased_at"}] * 2
    assert [event["data"]["version"] for event in shown] == [1, 2]


async def test_of_a_kind_that_is_not_known_the_frame_alone_is_shown(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    strange = replace(await live.world.sealed(builders.concern_raised(live.world.force)), type="engagement.petition-signed.v1")
    # A process of a newer release projects it, and this one shows it; alone, this one would have parked it.
    with monkeypatch.context() as newer:
        newer.setitem(EVENTS, strange.type, e.ConcernRaised)
        await live.publish(strange)

    [[shown]] = await live.pages("")

    assert shown["type"] == "engagement.petition-signed.v1"
    assert shown["data"].keys() == {"id", "force", "version", "sensitive", "last_event"}


async def test_a_cursor_that_is_none_is_refused(live: Live) -> None:
    for query, parameter in {"after=abc": "after", "after=W10": "after", "after=eyJrZW50IjpbInAiXX0": "after", "kind=iag": "kind"}.items():
        response = await live.world.ask(f"/events?{query}", "reader")

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (422, parameter)


async def test_a_cursor_opens_no_force_that_is_not_granted(live: Live) -> None:
    foreign = live.world.place.add_force()
    await live.world.runtime.registry.refresh()
    both = (f"{live.world.force}:reader", f"{foreign}:reader")
    await live.publish(await live.world.sealed(builders.concern_raised(foreign)))
    start = await live.world.read("/events?limit=1", *both)
    await live.publish(await live.world.sealed(builders.concern_raised(foreign)))

    assert (await live.world.read(f"/events?after={start['after']}"))["items"] == []
    assert len((await live.world.read(f"/events?after={start['after']}", *both))["items"]) == 1
