"""The projector on a real MongoDB: documents, figures and history commit together, and a repeat changes nothing."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from chassis.batch import Batch
from chassis.runtime import Runtime
from contracts import events as e
from contracts.action import Action
from contracts.concern import Concern
from contracts.meeting import Meeting
from readmodel.projections import MODELS
from readmodel.projector import Projector
from readmodel.store import Store
from readmodel.views import figures
from tests import builders
from tests.conftest import Place
from tests.services.readmodel_world import World, recount, state, stored_figures, told, world


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        yield made


async def test_a_document_is_the_wire_form_sealed_block_included(there: World) -> None:
    [raised] = await there.tell(builders.concern_raised(there.force))

    stored = await there.stored("concerns").find_one({})

    assert stored == {"_id": f"{there.force}:{raised.subject}", **raised.data}
    assert stored is not None
    assert "dealing" not in str(stored)


async def test_each_event_leaves_one_line_of_history_however_often_it_comes(there: World) -> None:
    [raised] = await there.tell(builders.concern_raised(there.force))
    await there.project([raised, raised])

    lines = await there.stored("history").find({})

    assert [(line["_id"], line["offset"], line["version"]) for line in lines] == [(f"{there.force}:{raised.id}", 0, 1)]


async def test_what_is_not_known_leaves_a_line_and_nothing_else(there: World) -> None:
    [raised] = [await there.sealed(builders.concern_raised(there.force))]
    strange = replace(raised, type="engagement.petition-signed.v1")

    await there.project([strange, strange])
    await there.project([strange])

    assert await there.stored("history").count({}) == 1
    assert [await there.stored(model.collection).count({}) for model in MODELS] == [0] * len(MODELS)
    assert await there.stored("figures").count({}) == 0


async def test_a_late_event_changes_no_document_and_no_figure_but_has_its_line(there: World) -> None:
    concern = builders.concern(there.force)
    first, second = await told(there, e.ConcernRaised(concern), e.ConcernProgressed(concern.next(status="in_progress")))
    await there.project([second])
    before = await there.stored("concerns").find({}), await there.stored("figures").find({})

    await there.project([first])

    assert (await there.stored("concerns").find({}), await there.stored("figures").find({})) == before
    assert sorted(line["version"] for line in await there.stored("history").find({})) == [1, 2]


async def test_figures_equal_a_recount_after_events_in_any_order_and_in_batches_of_any_size(there: World) -> None:
    events = []
    for number in range(6):
        concern = state(Concern, there.force, category=("drugs", "hate-crime")[number % 2], raised_at="2025-05-06T18:00:00.000Z")
        closed = concern.next(status="resolved", sensitive=number == 0)
        events += [e.ConcernRaised(concern), e.ConcernAmended(concern.next(raised_on="2025-03")), e.ConcernClosed(closed.next())]
    held = state(Meeting, there.force, status="held", kind="iag", held_on="2025-03", attendance={"organisations_total": 11})
    messages = await told(
        there, *events, e.MeetingHeld(held), e.ActionClosed(state(Action, there.force, status="closed", outcome="completed"))
    )
    chance = random.Random(7)  # noqa: S311 - the same order in every run
    messages += chance.sample(messages, 8)
    chance.shuffle(messages)
    while messages:
        size = chance.randint(1, 5)
        batch, messages = messages[:size], messages[size:]
        await there.project(batch)

    assert await stored_figures(there) == await recount(there)


async def test_an_event_of_version_one_that_comes_after_its_erasure_is_not_seen_again(there: World) -> None:
    concern = builders.concern(there.force)
    gone = concern.next(erased_at=builders.NOW)
    [raised, erased] = await told(there, e.ConcernRaised(concern), e.ConcernErased(gone))

    await there.project([erased])
    await there.project([raised])

    stored = await there.stored("concerns").find_one({})
    assert stored is not None
    assert stored.keys() == {"_id", "id", "force", "version", "erased_at", "last_event"}
    assert all(not figures["counts"] for figures in await there.stored("figures").find({}))


async def test_a_transaction_that_fails_leaves_nothing(there: World) -> None:
    message = await there.sealed(builders.concern_raised(there.force))
    projector, batch = Projector(Store(there.runtime.mongo, there.keys)), Batch(TopicPartition(f"engagement.{there.force}", 0), [])
    received = there._received(message, batch.partition)

    async def body(tx: object) -> None:
        await projector(tx, replace(batch, events=[received]))  # type: ignore[arg-type]
        message = "the power went"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        await there.runtime.mongo.transaction(body)

    for collection in ("concerns", "history", "figures"):
        assert await there.stored(collection).count({}) == 0


async def test_partitions_have_buckets_of_their_own_which_the_reader_adds_up(there: World) -> None:
    messages = await told(there, *(builders.concern_raised(there.force) for _ in range(3)))
    for partition, message in enumerate(messages):
        await there.project([message], partition)

    found = await figures.summary(Store(there.runtime.mongo, there.keys), [there.force], None, None)

    assert await there.stored("figures").count({}) == 3
    assert found.total.concerns.raised == 3
