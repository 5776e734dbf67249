"""The store tests: whatever the services ask of MongoDB works through either driver."""

import asyncio

import pytest

from chassis.lease import Lease
from chassis.mongo import TRANSACTION_SECONDS, DeleteOne, Document, DuplicateKey, InsertOne, Mongo, Tx, Unavailable, UpdateOne
from roundtable.native import Engines


async def test_a_transaction_commits_everything_together(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await mongo.ensure_collection("concerns", "letters")

    async def write_both(tx: Tx) -> str:
        await letters.insert_one({"_id": "a"}, tx=tx)
        await letters.insert_one({"_id": "b"}, tx=tx)
        return "done"

    assert await mongo.transaction(write_both) == "done"
    assert [letter["_id"] for letter in await letters.find({}, sort=[("_id", 1)])] == ["a", "b"]


async def test_a_transaction_that_fails_leaves_nothing_behind(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await mongo.ensure_collection("concerns", "letters")

    async def write_and_fail(tx: Tx) -> None:
        await letters.insert_one({"_id": "a"}, tx=tx)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the test's own
        await mongo.transaction(write_and_fail)
    assert await letters.count({}) == 0


async def test_transactions_that_collide_are_run_again_until_each_has_counted(mongo: Mongo) -> None:
    counts = mongo.collection("concerns", "counts")
    await counts.insert_one({"_id": "all", "n": 0})

    async def add_one(tx: Tx) -> None:
        await counts.update_one({"_id": "all"}, {"$inc": {"n": 1}}, tx=tx)

    await asyncio.gather(*(mongo.transaction(add_one) for _ in range(12)))

    assert await counts.find_one({"_id": "all"}) == {"_id": "all", "n": 12}


async def test_a_taken_key_is_said_as_such_inside_and_outside_a_transaction(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await letters.insert_one({"_id": "a"})

    async def insert_again(tx: Tx) -> None:
        await letters.insert_one({"_id": "a"}, tx=tx)

    with pytest.raises(DuplicateKey):
        await letters.insert_one({"_id": "a"})
    with pytest.raises(DuplicateKey):
        await mongo.transaction(insert_again)


async def test_a_taken_key_ends_several_writes_of_a_transaction_at_once(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await letters.insert_many([{"_id": "a"}, {"_id": "b", "n": 0}])

    async def insert_again_and_change(tx: Tx) -> None:
        await letters.bulk_write([InsertOne({"_id": "a"}), UpdateOne({"_id": "b"}, {"$set": {"n": 1}})], ordered=False, tx=tx)

    async with asyncio.timeout(2):
        with pytest.raises(DuplicateKey):
            await mongo.transaction(insert_again_and_change)
    assert await letters.find_one({"_id": "b"}) == {"_id": "b", "n": 0}


async def test_every_operation_of_a_collection_works(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await letters.create_index([("n", 1)], name="by_number")
    await letters.insert_many([{"_id": name, "n": number} for number, name in enumerate("abcde")])
    updates = [UpdateOne({"_id": name}, {"$set": {"n": n}}, upsert=name == "z") for name, n in (("a", 10), ("z", 26), ("nobody", 1))]
    assert await letters.bulk_write([*updates, InsertOne({"_id": "y", "n": 25}), DeleteOne({"_id": "y"})]) == 4
    assert await letters.bulk_write([]) == 0

    assert [one["_id"] for one in await letters.find({}, sort=[("n", -1)], limit=2, projection={"n": 0})] == ["z", "a"]
    assert await letters.aggregate([{"$group": {"_id": None, "sum": {"$sum": "$n"}}}]) == [{"_id": None, "sum": 46}]
    assert await letters.replace_one({"_id": "b"}, {"n": 7}) == 1
    assert await letters.update_many({"n": {"$lt": 5}}, {"$inc": {"n": 100}}) == 3
    assert await letters.find_one_and_update({"_id": "b"}, {"$inc": {"n": 1}}) == {"_id": "b", "n": 8}
    assert await letters.find_one_and_delete({"_id": "b"}) == {"_id": "b", "n": 8}
    assert await letters.delete_one({"_id": "nobody"}) == 0
    assert await letters.delete_many({"n": {"$gt": 100}}) == 3


async def test_what_is_read_of_one_instant_does_not_see_what_is_written_meanwhile(mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await letters.insert_many([{"_id": name} for name in "abc"])

    async def before_and_after(tx: Tx) -> tuple[int, int, list[Document], int]:
        before = await letters.count({}, tx=tx)
        await letters.insert_one({"_id": "d"})
        found = await letters.find({"_id": "d"}, tx=tx)
        return before, await letters.count({}, tx=tx), found, await letters.count({})

    assert await mongo.snapshot(before_and_after) == (3, 3, [], 4)


async def test_a_database_that_is_away_is_said_as_such_within_a_bound() -> None:
    nobody = Mongo("mongodb://127.0.0.1:1/?replicaSet=rs0")

    with pytest.raises(Unavailable):
        await nobody.ping()
    with pytest.raises(Unavailable):
        await nobody.transaction(lambda tx: nobody.collection("x", "y").insert_one({}, tx=tx))
    await nobody.close()


async def test_a_lease_has_one_holder_until_it_is_let_go(mongo: Mongo) -> None:
    mine, theirs = Lease(mongo, "concerns", "relay"), Lease(mongo, "concerns", "relay")

    assert await mine.hold()
    assert await mine.hold()
    assert not await theirs.hold()
    await mine.release()
    assert await theirs.hold()


def test_a_transaction_whose_process_was_killed_is_out_of_the_way_within_seconds(engines: Engines) -> None:
    with engines.mongo.client() as client:
        limit = client.admin.command("getParameter", transactionLifetimeLimitSeconds=1)["transactionLifetimeLimitSeconds"]

    # Its sweep comes around in half the time that a transaction may live.
    assert TRANSACTION_SECONDS < limit <= 10
