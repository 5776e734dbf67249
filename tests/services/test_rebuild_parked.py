"""A rebuild and poison: what is parked fails no rebuild, and what an operator does about it is done in the new model too."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from chassis.mongo import Mongo
from contracts import events as e
from contracts.codec import Message, UndecodableError, decode
from contracts.concern import Concern
from readmodel import build, verifying
from readmodel.builder import Builder
from readmodel.model import Model
from readmodel.store import Store
from roundtable import rebuilding
from roundtable.condition import lags
from roundtable.parked import Does
from roundtable.positions import standings
from roundtable.provisioning import registered_forces
from tests import builders
from tests.conftest import Place, eventually
from tests.services.mending import asked, seen
from tests.services.readmodel_world import state
from tests.services.rebuilding import Runtimes, Scene, history_of, scene

FIRST, SECOND = Model(1), Model(1, 2)
POISONED = 2
"""The version that nobody understands for now."""


@pytest.fixture
async def there(place: Place, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(build, "CARRY_ON_SECONDS", 4.0)
    async with scene(place, runtimes) as made:
        yield made


@pytest.fixture
async def concern(there: Scene, monkeypatch: pytest.MonkeyPatch) -> Concern:
    """A concern in two versions, of which the second is parked."""
    concern = state(Concern, there.place.force)
    monkeypatch.setattr("chassis.batch.decode", choking_on(concern))
    await there.start()
    await there.send(*history_of(there.place.force, 5))
    await there.send(e.ConcernRaised(concern), e.ConcernAmended(concern.next(priority="high")))
    await there.projected()
    return concern


def choking_on(concern: Concern) -> Callable[..., Message]:
    def reading(value: bytes, key: bytes, headers: Iterable[tuple[str, bytes]]) -> Message:
        message = decode(value, key, headers)
        if (message.subject, message.version) == (str(concern.id), POISONED):
            why = "nobody understands this one yet"
            raise UndecodableError(why)
        return message

    return reading


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.batch.decode", decode)


async def rebuilt(there: Scene) -> None:
    rebuilding.ask(there.desk)
    await there.swapped(SECOND)


async def versions(there: Scene, model: Model, concern: Concern) -> tuple[int, list[int]]:
    """The version of the record, and those that have a line of history."""
    store = there.store(model)
    (document,) = await store.named("concerns").find({"id": concern.id})
    lines = await store.history.find({"subject": concern.id}, sort=[("version", 1)])
    return document["version"], [line["version"] for line in lines]


async def test_what_is_parked_stays_so_in_the_new_model_and_is_told_of_once(there: Scene, concern: Concern) -> None:
    (before,) = seen(there.place)

    await rebuilt(there)

    (after,) = seen(there.place)
    assert after.id == before.id
    assert await there.content(SECOND) == await there.content(FIRST)
    assert await versions(there, SECOND, concern) == (1, [1])


async def test_what_is_redriven_after_the_swap_comes_into_the_new_model(
    there: Scene, concern: Concern, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rebuilt(there)
    mend(monkeypatch)

    (outcome,) = await asyncio.to_thread(asked, there.place, "redrive")

    assert outcome.done, outcome.why
    assert seen(there.place) == []
    assert await versions(there, SECOND, concern) == (2, [1, 2])


async def test_what_the_new_model_understands_is_parked_no_more(there: Scene, concern: Concern, monkeypatch: pytest.MonkeyPatch) -> None:
    mend(monkeypatch)

    await rebuilt(there)

    assert seen(there.place) == []
    assert await versions(there, SECOND, concern) == (2, [1, 2])


async def test_what_an_operator_gave_up_is_left_out_of_the_new_model_though_it_is_understood_by_now(
    there: Scene, concern: Concern, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(asked, there.place, "discard")
    mend(monkeypatch)

    await rebuilt(there)

    assert seen(there.place) == []
    assert await versions(there, SECOND, concern) == (1, [1])


@pytest.mark.parametrize(("does", "then"), [("redrive", (2, [1, 2])), ("discard", (1, [1]))])
async def test_what_an_operator_does_while_the_model_is_built_is_done_in_it_too(
    there: Scene, concern: Concern, monkeypatch: pytest.MonkeyPatch, does: Does, then: tuple[int, list[int]]
) -> None:
    compared = verifying.compare

    async def after_the_operator(mongo: Mongo, builder: Builder, live: Store, forces: list[str]) -> None:
        assert await builder.store.parked.ids() == {parked.id for parked in seen(there.place)} != set()
        mend(monkeypatch)
        (outcome,) = await asyncio.to_thread(asked, there.place, does)
        assert outcome.done
        await compared(mongo, builder, live, forces)

    monkeypatch.setattr(build, "compare", after_the_operator)

    await rebuilt(there)

    assert seen(there.place) == []
    assert await versions(there, SECOND, concern) == then


async def test_the_command_line_looks_at_the_model_that_is_live(there: Scene, concern: Concern) -> None:
    del concern
    await rebuilt(there)
    await there.send(builders.concern_raised(there.place.force))
    await there.projected()

    own = [at for at in standings(there.desk) if at.service == "readmodel"]

    assert sum(at.offset for at in own) == there.sent
    assert len({(at.topic, at.partition) for at in own}) == len(own)
    assert not any(at.outside or at.stopped for at in own)

    async def is_not_behind() -> bool:
        return set((await asyncio.to_thread(lags, there.desk, registered_forces(there.desk))).values()) == {0}

    await eventually(is_not_behind)
