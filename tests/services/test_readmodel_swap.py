"""The swap as readers see it: nothing that was seen goes missing, and who waits goes on waiting in the right place."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.mongo import Unavailable
from chassis.positions import Positions
from contracts.topics import topic
from readmodel import projector
from readmodel.live import Live
from readmodel.model import Model, Outcome
from readmodel.models import Models, Wish
from readmodel.parts import parts
from roundtable import rebuilding
from tests import builders
from tests.conftest import Place, eventually
from tests.services.rebuilding import Runtimes, Scene, scene

FIRST, SECOND = Model(1), Model(1, 2)
WISH = Wish("w", 1, accepts=False, cancels=False)


@pytest.fixture
async def there(place: Place, runtimes: Runtimes) -> AsyncIterator[Scene]:
    async with scene(place, runtimes) as made:
        yield made


@pytest.fixture
def models(there: Scene) -> Models:
    return Models(there.world.runtime.mongo)


async def swap(there: Scene, models: Models) -> None:
    """Make a second model live that nobody has built."""
    await models.begin(1, WISH)
    await there.store(SECOND).create()
    assert await models.swap(FIRST, SECOND)


async def put_at(positions: Positions, partition: TopicPartition, offset: int) -> None:
    await positions.take_up(partition)
    await positions.mongo.transaction(lambda tx: positions.move(partition, 0, offset, tx))


async def test_a_process_reads_the_new_model_only_once_it_is_as_far_as_the_one_before(there: Scene, models: Models) -> None:
    own, partition = parts(there.world.runtime), TopicPartition(topic(there.place.force), 1)
    await put_at(own.store.positions, partition, 7)
    await swap(there, models)

    await own.live.look()
    behind = own.store.model
    await put_at(there.store(SECOND).positions, partition, 7)
    await own.live.look()

    assert (behind, own.store.model) == (FIRST, SECOND)


async def test_what_comes_into_the_old_model_while_the_two_are_compared_is_waited_for(
    there: Scene, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, partition = parts(there.world.runtime), TopicPartition(topic(there.place.force), 0)
    old = own.store.positions
    await put_at(old, partition, 7)
    read, moved = Positions.all, False

    async def read_and_told(positions: Positions) -> Any:
        """The old model gets an event right after either of them was read for the first time."""
        nonlocal moved
        found = await read(positions)
        if not moved:
            moved = True
            await old.mongo.transaction(lambda tx: old.move(partition, 7, 8, tx))
        return found

    await swap(there, models)
    await put_at(there.store(SECOND).positions, partition, 7)
    monkeypatch.setattr(Positions, "all", read_and_told)
    await own.live.look()

    assert own.store.model == FIRST


async def test_a_process_that_begins_reads_the_live_model_at_once(there: Scene, models: Models) -> None:
    await put_at(parts(there.world.runtime).store.positions, TopicPartition(topic(there.place.force), 1), 7)
    await swap(there, models)
    fresh = Live(there.world.runtime.mongo, there.world.keys)

    with pytest.raises(Unavailable):
        _ = fresh.store
    await fresh.look()

    assert fresh.store.model == SECOND


async def test_who_waits_for_a_record_finds_it_in_the_model_that_is_live_when_it_comes(there: Scene, models: Models) -> None:
    own, raised = parts(there.world.runtime), await there.world.sealed(builders.concern_raised(there.place.force))
    waiting = asyncio.create_task(there.world.ask(f"/concerns/{raised.subject}?min_version=1&wait=8s", "reader"))
    await asyncio.sleep(0.2)
    await swap(there, models)
    await own.live.look()

    await there.world.project([raised])

    assert (await waiting).status_code == 200
    assert await there.store(FIRST).named("concerns").count({}) == 0


async def test_the_swap_happens_once_and_only_to_what_is_wanted(there: Scene, models: Models) -> None:
    assert await models.begin(1, WISH)
    assert not await models.begin(1, WISH), "one is wanted"

    assert not await models.swap(Model(1, 3), SECOND), "that one is not live"
    assert not await models.swap(FIRST, Model(1, 3)), "that one is not wanted"
    assert await models.swap(FIRST, SECOND)
    assert not await models.swap(FIRST, SECOND), "it is live already"
    assert there.standing().live == SECOND
    assert there.standing().heard == "w"


async def test_a_number_is_never_given_twice(there: Scene, models: Models) -> None:
    await models.begin(1, WISH)
    await models.end(SECOND, Outcome.CANCELLED, "$why not")
    await models.begin(1, WISH)

    stands = there.standing()
    assert stands.wanted is not None
    assert stands.ended is not None
    assert (stands.wanted.model, stands.ended.why) == (Model(1, 3), "$why not")


async def test_after_the_swap_both_models_are_carried_on_until_everyone_has_joined(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "HANDOVER_SECONDS", 60.0)
    await there.start()
    await there.send(builders.concern_raised(there.place.force))
    await there.projected()
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)

    await there.send(builders.concern_raised(there.place.force))

    async def both_have_it() -> bool:
        return [await there.store(model).named("concerns").count({}) for model in (FIRST, SECOND)] == [2, 2]

    await eventually(both_have_it, within=6)
