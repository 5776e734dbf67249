"""The verification on real engines, while the services run: clean on what they made, and each damage is named."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime

import pytest

from chassis.kafka import producer
from chassis.runtime import Runtime
from contracts.codec import Message, UndecodableError, decode, encode
from contracts.events import ConcernErased
from contracts.topics import topic
from readmodel.model import Model
from readmodel.projections import PROJECTION
from roundtable.parked import Does
from roundtable.provisioning.services import READERS
from roundtable.verification import Kind
from tests import builders
from tests.conftest import Place, eventually
from tests.services.mending import asked
from tests.services.notifying import amended
from tests.services.verified import Verified, first, found, nothing_waits, verified

CONCERNS, HISTORY, FIGURES = (
    Model(PROJECTION).name_of("concerns"),
    Model(PROJECTION).name_of("history"),
    Model(PROJECTION).name_of("figures"),
)
HOOK = "https://192.0.2.1.example/hook"
LAGS = "parked (undecodable), so that its record may lag behind the log"
LONG_AGO = "2020-01-01T00:00:00.000Z"


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Verified]:
    """Three concerns, one of which was amended and one of which is sensitive, and a subscription that was told of the other two."""
    async with verified(place, runtimes, monkeypatch) as made:
        await made.notifications.subscribed("https://192.0.2.1.example/hook", types=["concern-raised"])
        raised = [builders.concern_raised(place.force, sensitive=number == 2) for number in range(3)]
        state, *_ = await made.notifications.recorded(*raised)
        await made.notifications.recorded(amended(state, priority="high"))
        long_ago = {"created_at": LONG_AGO, "changed_at": LONG_AGO}
        made.database("notifications")["subscriptions"].update_one({}, {"$set": long_ago})
        await made.all_read(4)
        yield made


async def test_what_services_made_is_clean(there: Verified) -> None:
    assert await there.verify() == {}


async def test_a_document_that_was_damaged_is_named_by_its_fields(there: Verified) -> None:
    key = {"_id": first(there.database("readmodel")[CONCERNS])["_id"]}
    there.database("readmodel")[CONCERNS].update_one(key, {"$set": {"status": "resolved"}, "$unset": {"sealed": ""}})

    assert await there.verify() == {"documents": ["differs in sealed, status"]}


async def test_documents_too_few_and_too_many_are_named(there: Verified) -> None:
    documents = there.database("readmodel")[CONCERNS]
    document = first(documents)
    documents.delete_one({"_id": document["_id"]})
    documents.insert_one(document | {"_id": f"{there.force}:x", "id": "x"})

    assert await there.verify() == {"documents": ["missing", "comes of no event of the log"]}


async def test_a_figure_that_was_changed_is_named(there: Verified) -> None:
    there.database("readmodel")[FIGURES].update_one({}, {"$inc": {"counts.concerns/sensitive": 1}})

    assert await there.verify() == {"figures": ["not what a recount gives in concerns/sensitive"]}


async def test_lines_of_history_too_few_and_at_a_wrong_place_are_named(there: Verified) -> None:
    lines = there.database("readmodel")[HISTORY]
    line = lines.find_one_and_delete({"version": 2})
    lines.update_one({}, {"$set": {"partition": 7}})

    [differing] = [await there.verify()]
    assert line is not None
    assert sorted(differing) == ["history"]
    assert f"no line of the event at {line['partition']}:{line['offset']}" in differing["history"]
    assert any(what.startswith("a line of an event that was not read, 7:") for what in differing["history"])


async def test_deliveries_too_few_and_too_many_are_named(there: Verified) -> None:
    deliveries = there.database("notifications")["deliveries"]
    delivery = first(deliveries)
    deliveries.delete_one({"_id": delivery["_id"]})
    deliveries.insert_one(delivery | {"_id": f"{delivery['subscription_id']}:{builders.new_id()}", "status": "delivered"})

    assert await there.verify() == {"deliveries": ["a delivery that nobody asked for", f"no delivery of an event of {delivery['subject']}"]}


async def test_what_waits_for_an_owner_whose_grant_was_revoked_is_named(there: Verified) -> None:
    deliveries = there.database("notifications")["deliveries"]
    there.notifications.revoke("partner")
    # The service ends all that waits at the next attempt that it is to make: whatever is to wait from then on comes after that.
    deliveries.update_many({"status": "pending"}, {"$set": {"due_at": datetime(2020, 1, 1, tzinfo=UTC)}})
    await eventually(lambda: nothing_waits(deliveries))
    deliveries.update_one({}, {"$set": {"status": "pending", "due_at": datetime(2040, 1, 1, tzinfo=UTC)}})

    differing = await there.verify()

    assert set(differing["grants"]) == {"waits to be sent to an owner without a grant"}


async def test_an_owner_that_lost_a_record_and_one_that_came_back_from_behind_the_log_are_named(there: Verified) -> None:
    owned = there.database("concerns")["concerns"]
    second = owned.find_one_and_delete({"version": 2})
    assert second is not None
    owned.update_one({"version": 1, "sensitive": False}, {"$set": {"version": 0}})

    assert await there.verify() == {"owners": ["older than the log, which is at 1", "in the log, and its owner has none"]}


async def test_what_was_recorded_and_never_sent_is_named(there: Verified) -> None:
    concerns = there.database("concerns")
    state = first(concerns["concerns"])
    event = {"id": builders.new_id()}
    concerns["concerns"].update_one({"_id": state["_id"]}, {"$inc": {"version": 1}, "$set": {"last_event": event}})
    lost = {"_id": event["id"], "status": "published", "force": there.force, "subject": state["id"], "version": state["version"] + 1}
    concerns["outbox"].insert_one(lost)

    assert await there.verify() == {"owners": ["neither in the log nor in the outbox"], "outbox": ["published, and not in the log"]}


async def test_a_gap_in_the_log_is_named(there: Verified) -> None:
    """As a Kafka leaves it that lost an acknowledged record."""
    concerns = there.database("concerns")
    state = there.notifications.concerns
    [raised] = await there.notifications.recorded(builders.concern_raised(there.force))
    await there.all_read(5)
    stored = concerns["concerns"].find_one({"id": raised.id})
    assert stored is not None
    await send(state, Message(builders.new_id(), "engagement.concern-amended.v1", "concerns", builders.NOW, clean(stored) | {"version": 3}))
    await there.all_read(6)

    assert (await there.verify())["sequence"] == ["a gap in the sequence"]


async def test_events_of_another_force_and_what_is_no_event_are_named_once_they_are_not_parked(there: Verified, place: Place) -> None:
    other = place.add_force()
    stray = Message(
        builders.new_id(), "engagement.concern-raised.v1", "concerns", builders.NOW, {"id": builders.new_id(), "force": other, "version": 1}
    )
    await send(there.notifications.concerns, stray, there.force)
    await there.all_read(5)

    parked = await there.verify()
    for reader in ("readmodel", "notifications"):
        there.database(reader)["parked"].delete_many({})
    unparked = await there.verify()

    assert parked == {"parked": [LAGS] * 2}
    assert unparked == {"log": ["no event: the event is of another force than its topic"]}


@pytest.mark.parametrize(
    ("does", "left"), [("redrive", {}), ("discard", {"discarded": ["discarded by ada (no use to anyone)"] * len(READERS)})]
)
async def test_the_record_of_a_parked_event_lags_and_once_an_operator_has_dealt_with_it_all_is_clean(
    there: Verified, monkeypatch: pytest.MonkeyPatch, does: Does, left: dict[str, list[str]]
) -> None:
    [raised] = await there.notifications.recorded(builders.concern_raised(there.force))
    await there.all_read(5)
    with monkeypatch.context() as poisoned:
        poisoned.setattr("chassis.batch.decode", choking_on(raised.id, 2))
        second = await there.notifications.recorded(amended(raised, priority="high"))
        await there.all_read(6)
        unreadable = await there.report()
        await there.notifications.recorded(amended(second[0], priority="low"))
        await there.all_read(7)
        overtaken = await there.report()

    understood = await there.report()
    outcomes = await asyncio.to_thread(asked, there.place, does)
    after = await there.report()

    for report in (unreadable, overtaken, understood):
        assert found(report) == {"parked": [LAGS] * len(READERS)}
        assert (report.is_clean, report.is_explained) == (False, True)
        assert {(each.id, each.version) for each in report.sections[Kind.PARKED].named} == {(raised.id, 2)}
    assert all(outcome.done for outcome in outcomes)
    assert (found(after), after.is_clean) == (left, True)


async def test_an_event_that_was_parked_and_sent_again_is_clean_however_the_parked_one_ends(
    there: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as poisoned:
        poisoned.setattr("chassis.batch.decode", choking_on(None, 1))
        [raised] = await there.notifications.recorded(builders.concern_raised(there.force))
        await there.all_read(5)
    await there.republish(raised.id)
    again = await there.verify()
    await asyncio.to_thread(asked, there.place, "redrive")

    assert again == {"parked": [LAGS] * len(READERS)}
    assert await there.verify() == {}


def choking_on(subject: str | None, version: int) -> Callable[..., Message]:
    """What reads every event but a version of one record, or of all."""

    def reading(value: bytes, key: bytes, headers: Iterable[tuple[str, bytes]]) -> Message:
        message = decode(value, key, headers)
        if message.version == version and subject in {None, message.subject}:
            why = "nobody understands this one yet"
            raise UndecodableError(why)
        return message

    return reading


async def test_an_erased_record_and_its_purged_deliveries_are_as_they_should_be(there: Verified) -> None:
    raised = there.database("concerns")["concerns"].find_one({"version": 1, "sensitive": False})
    assert raised is not None
    state = builders.concern(there.force).model_copy(update={"id": raised["id"], "version": 2, "erased_at": builders.NOW})
    await there.notifications.recorded(ConcernErased(state))
    await there.all_read(5)

    assert await there.verify() == {}


async def test_a_reference_that_leads_nowhere_is_listed_and_is_no_fault(there: Verified) -> None:
    missing = builders.new_id()
    await there.notifications.recorded(builders.concern_raised(there.force, meeting_id=missing))
    await there.all_read(5)

    assert await there.verify() == {"references": [f"meeting_id leads to {missing}, of which the log holds nothing"]}


def clean(stored: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in stored.items() if name != "_id"}


async def send(runtime: Runtime, message: Message, force: str | None = None) -> None:
    """Write to a force's topic, past the outbox."""
    key, value, headers = encode(message)
    client = producer(runtime.settings)
    await client.start()
    await client.send_and_wait(topic(force or message.force), value=value, key=key, headers=headers)
    await client.stop()
