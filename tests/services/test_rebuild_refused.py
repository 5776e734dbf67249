"""What a rebuild refuses: a model that lacks something or counts wrongly does not become live, unless an operator says so."""

import asyncio
from typing import Any

import pytest

from chassis.batch import Batch
from chassis.mongo import Tx
from readmodel import build, builder, verifying
from readmodel.model import Ended, Model, Outcome
from readmodel.projector import Projector
from roundtable import rebuilding
from tests import builders
from tests.conftest import eventually
from tests.services.mending import seen
from tests.services.rebuilding import Scene, history_of, hurried

FIRST, SECOND, THIRD = Model(1), Model(1, 2), Model(1, 3)
there = pytest.fixture(hurried)


async def losing(there: Scene, monkeypatch: pytest.MonkeyPatch, collection: str) -> None:
    """Have a document of the new model disappear before it is verified."""
    compared = verifying.compare

    async def lose(*arguments: Any) -> None:
        lost = there.store(SECOND).named(collection)
        found = (await lost.find({}))[0]
        await lost.delete_one({"_id": found["_id"]})
        await compared(*arguments)

    monkeypatch.setattr(build, "compare", lose)


async def ended_without(there: Scene, monkeypatch: pytest.MonkeyPatch, collection: str) -> Ended:
    """How a rebuild ends whose model has lost a document of a collection."""
    await there.start()
    await there.send(*history_of(there.place.force, 20))
    await there.projected()
    await losing(there, monkeypatch, collection)
    return await asyncio.to_thread(rebuilding.follow, there.desk, rebuilding.ask(there.desk), lambda _: None)


async def test_a_model_that_lacks_a_record_does_not_become_live(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = await ended_without(there, monkeypatch, "history")

    assert ended.outcome is Outcome.FAILED
    assert there.place.force in ended.why
    assert "history" in ended.why
    assert there.standing().live == FIRST

    async def is_dropped() -> bool:
        return "concerns_p1_b2" not in await there.collections()

    await eventually(is_dropped)


async def test_a_model_whose_figures_are_wrong_does_not_become_live(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = await ended_without(there, monkeypatch, "figures")

    assert (ended.outcome, "recount" in ended.why) == (Outcome.FAILED, True)
    assert there.standing().live == FIRST


async def test_an_operator_who_knows_why_may_swap_in_what_differs_from_a_damaged_model(there: Scene) -> None:
    await there.start()
    await there.send(*history_of(there.place.force, 20))
    await there.projected()
    await there.store(FIRST).named("history").delete_many({"version": 1})

    refused = await asyncio.to_thread(rebuilding.follow, there.desk, rebuilding.ask(there.desk), lambda _: None)
    wish = rebuilding.ask(there.desk, accepts=True)
    swapped = await asyncio.to_thread(rebuilding.follow, there.desk, wish, lambda _: None)

    assert (refused.outcome, swapped.outcome) == (Outcome.FAILED, Outcome.SWAPPED)
    assert await there.store(THIRD).named("history").count({"version": 1}) > 0


async def test_an_event_that_the_live_model_holds_is_not_left_out_unless_an_operator_says_so(
    there: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.start()
    poison = await there.send(builders.concern_raised(there.place.force))
    await there.send(*history_of(there.place.force, 5))
    await there.projected()

    class Choking(Projector):
        async def __call__(self, tx: Tx, batch: Batch) -> None:
            if any(event.message.id == poison[0].id for event in batch.events):
                raise ZeroDivisionError
            await super().__call__(tx, batch)

    monkeypatch.setattr(builder, "Projector", Choking)

    refused = await asyncio.to_thread(rebuilding.follow, there.desk, rebuilding.ask(there.desk), lambda _: None)
    kept = len(seen(there.place))
    wish = rebuilding.ask(there.desk, accepts=True)
    swapped = await asyncio.to_thread(rebuilding.follow, there.desk, wish, lambda _: None)

    assert (refused.outcome, "ZeroDivisionError" in refused.why, kept) == (Outcome.FAILED, True, 0)
    assert (swapped.outcome, len(seen(there.place))) == (Outcome.SWAPPED, 1)
    assert await there.store(THIRD).named("history").count({}) == there.sent - 1
