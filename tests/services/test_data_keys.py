"""Data keys: a record whose key is missing is never taken for one without words, and only orphans are swept."""

from datetime import UTC, datetime, timedelta

from chassis.keys import COLLECTION, DATABASE
from chassis.mongo import Collection
from chassis.runtime import Runtime
from chassis.sweep import OLD_ENOUGH, sweep
from tests.services.callers import PATROLS, Caller


def stored_keys(runtime: Runtime) -> Collection:
    return runtime.mongo.collection(DATABASE, COLLECTION)


async def age(runtime: Runtime) -> None:
    """Make every key older than the sweep leaves alone."""
    await stored_keys(runtime).update_many({}, {"$set": {"created_at": datetime.now(UTC) - OLD_ENOUGH - timedelta(minutes=1)}})


async def test_a_record_whose_key_is_missing_is_neither_shown_nor_changed_as_if_it_were_empty(concerns: Caller) -> None:
    concern = await concerns.made("/concerns", PATROLS)
    (key,) = await stored_keys(concerns.runtime).find({"subject": concern["id"]})
    await stored_keys(concerns.runtime).delete_one({"_id": key["_id"]})

    shown = await concerns.get(f"/concerns/{concern['id']}")
    changed = await concerns.patch(f"/concerns/{concern['id']}", {"priority": "high"}, version=1)
    await stored_keys(concerns.runtime).insert_one(key)
    again = (await concerns.get(f"/concerns/{concern['id']}")).json()

    assert (shown.status_code, changed.status_code) == (503, 503)
    assert (again["version"], again["said"]) == (1, PATROLS["said"])


async def test_the_sweep_destroys_keys_that_no_record_names_and_leaves_the_others(concerns: Caller) -> None:
    runtime = concerns.runtime
    concern = await concerns.made("/concerns", PATROLS)
    orphan = await runtime.keys.create("concerns", concerns.force, "never-committed")
    left_over = await runtime.keys.create("concerns", concerns.force, concern["id"])
    await age(runtime)

    assert await sweep(runtime) == 2
    assert await runtime.keys.find(concerns.force, orphan.kid) is None
    assert await runtime.keys.find(concerns.force, left_over.kid) is None
    assert (await concerns.get(f"/concerns/{concern['id']}")).json()["said"] == PATROLS["said"]


async def test_the_sweep_goes_by_the_time_of_the_database_and_leaves_young_keys_alone(
    concerns: Caller,
) -> None:
    runtime = concerns.runtime
    runtime.clock = lambda: datetime.now(UTC) + timedelta(hours=2)
    fresh = await runtime.keys.create("concerns", concerns.force, "under-way")

    assert await sweep(runtime) == 0
    assert await runtime.keys.find(concerns.force, fresh.kid) is not None
