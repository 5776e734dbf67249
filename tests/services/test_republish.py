"""Republishing on real engines: exactly the event that made a record what it is goes out once more, and nobody is told twice."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pymongo.errors import OperationFailure

from chassis.runtime import Runtime
from readmodel.model import Model
from readmodel.projections import PROJECTION
from tests import builders
from tests.conftest import Place, eventually
from tests.services.notifying import amended
from tests.services.verified import Verified, verified

CONCERNS, HISTORY = Model(PROJECTION).name_of("concerns"), Model(PROJECTION).name_of("history")


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Verified]:
    """A concern that was raised and amended, another that was only raised, and a subscription that was told of all of it."""
    async with verified(place, runtimes, monkeypatch) as made:
        await made.notifications.subscribed("https://192.0.2.1.example/hook")
        first, _ = await made.notifications.recorded(builders.concern_raised(place.force), builders.concern_raised(place.force))
        await made.notifications.recorded(amended(first, priority="high"))
        await made.all_read(3)
        yield made


def counts(there: Verified) -> tuple[int, int]:
    """Lines of history and deliveries."""
    lines, deliveries = there.database("readmodel")[HISTORY], there.database("notifications")["deliveries"]
    return lines.count_documents({}), deliveries.count_documents({})


async def test_consumers_read_the_same_events_again_and_nobody_is_told_twice(there: Verified) -> None:
    before = there.read(), counts(there)

    assert await there.republish() == 2

    assert {name: end + 2 for name, end in before[0].items()} == there.read()
    assert counts(there) == before[1]
    assert await there.verify() == {}


async def test_one_record_or_one_type_can_be_sent_again(there: Verified) -> None:
    amended_one = there.database("concerns")["concerns"].find_one({"version": 2})
    assert amended_one is not None

    assert await there.republish(amended_one["id"]) == 1
    assert await there.republish(None, "concern-raised") == 1
    assert await there.republish(None, "concern-raised", "engagement.concern-amended.v1") == 2
    assert await there.republish(builders.new_id()) == 0


async def test_what_was_published_waits_again_and_cannot_expire_until_it_is_sent(there: Verified) -> None:
    """The older version's record, published too, stays as it is."""
    outbox, before = there.database("concerns")["outbox"], there.read()
    there.notifications.concerns.stopping.set()
    await eventually(there.nobody_carries)
    amended_one = there.database("concerns")["concerns"].find_one({"version": 2})
    assert amended_one is not None
    with pytest.raises(TimeoutError):
        await there.republish(amended_one["id"], within=1)

    [waiting] = outbox.find({"status": "pending"})
    assert (waiting["_id"], waiting["version"]) == (amended_one["last_event"]["id"], 2)
    assert "published_at" not in waiting
    assert waiting["data"] == {name: value for name, value in amended_one.items() if name != "_id"}
    assert there.read() == before


async def test_a_record_that_the_outbox_keeps_no_more_is_sent_again(there: Verified) -> None:
    there.database("concerns")["outbox"].delete_many({})

    assert await there.republish() == 2

    assert await there.verify() == {}


async def test_an_equal_version_repairs_no_document(there: Verified) -> None:
    there.database("readmodel")[CONCERNS].update_many({}, {"$set": {"status": "resolved"}})

    await there.republish()

    assert await there.verify() == {"documents": ["differs in status"] * 2}


async def test_a_document_that_was_lost_is_there_again_and_no_line_of_history_is_written_twice(there: Verified) -> None:
    documents, before = there.database("readmodel")[CONCERNS], counts(there)
    lost = list(documents.find())
    documents.delete_many({})

    await there.republish()

    assert sorted(documents.find(), key=str) == sorted(lost, key=str)
    assert counts(there) == before
    assert there.database("readmodel")["parked"].count_documents({}) == 0
    # What they count was not lost with them, and is counted again: only a rebuild gives that back.
    assert set(await there.verify()) == {"figures"}


async def test_the_command_line_may_write_to_the_outboxes_and_to_nothing_else_of_a_service(there: Verified) -> None:
    database = there.desk.provisioning.database("concerns")

    with pytest.raises(OperationFailure):
        database["concerns"].update_one({}, {"$set": {"status": "resolved"}})
    with pytest.raises(OperationFailure):
        database["outbox"].delete_many({})
