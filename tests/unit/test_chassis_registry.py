"""The registry: who may do what, where, now; what was last known holds while MongoDB is away."""

import asyncio
from datetime import UTC, datetime

from chassis.mongo import Unavailable
from chassis.principal import Principal, Role
from chassis.registry import Document, Registry, Snapshot
from tests.unit.leaflets import HERE, NOWHERE, THERE

FORCES = {HERE: "Northamptonshire Police", THERE: "Essex Police"}
REVOKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def principal(**grants: set[Role]) -> Principal:
    named = {name.replace("everywhere", "*"): frozenset(roles) for name, roles in grants.items()}
    return Principal("ada", named, datetime.max.replace(tzinfo=UTC))


async def registry(*snapshots: Snapshot | Exception) -> Registry:
    """A registry that reads these one after the other, and the last one for ever."""
    waiting = list(snapshots)

    async def read() -> Snapshot:
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(found, Exception):
            raise found
        return found

    made = Registry(read)
    await made.refresh()
    return made


async def test_an_unregistered_force_is_granted_to_nobody() -> None:
    known = await registry(Snapshot(FORCES))

    assert known.roles(principal(everywhere={Role.READER}), NOWHERE) == frozenset()
    assert not known.admits(principal(atlantis={Role.RECORDER}), NOWHERE, [Role.RECORDER])


async def test_the_forces_of_a_grant_for_all_are_those_registered() -> None:
    known = await registry(Snapshot(FORCES))

    assert known.granted(principal(everywhere={Role.READER}), [Role.READER]) == [THERE, HERE]
    assert known.granted(principal(essex={Role.SUBSCRIBER}), [Role.READER, Role.SUBSCRIBER]) == [THERE]
    assert known.granted(principal(), list(Role)) == []


async def test_a_revocation_takes_its_roles_away_from_every_grant_there() -> None:
    known = await registry(Snapshot(FORCES, {}, {("ada", THERE): frozenset({"reader"})}))
    holder = principal(everywhere={Role.READER, Role.SENSITIVE_READER}, essex={Role.RECORDER})

    assert known.roles(holder, THERE) == {Role.SENSITIVE_READER, Role.RECORDER}
    assert known.roles(holder, HERE) == {Role.READER, Role.SENSITIVE_READER}


async def test_a_revocation_everywhere_holds_in_each_force() -> None:
    known = await registry(Snapshot(FORCES, {}, {("ada", "*"): frozenset()}))

    assert known.granted(principal(everywhere={Role.READER}, essex={Role.RECORDER}), list(Role)) == []


def test_documents_are_read_as_they_stand() -> None:
    here: Document = {"_id": HERE, "name": "Northamptonshire Police", "topic": f"engagement.{HERE}", "partitions": 6}
    forces = [here, {"_id": THERE, "name": "Essex Police"}]
    grants = [{"_id": f"ada:{HERE}", "subject": "ada", "force": HERE, "roles": ["reader"], "revoked_at": REVOKED_AT}]

    read = Snapshot.of(forces, grants)

    assert (read.forces, read.partitions) == (FORCES, {HERE: 6, THERE: 3})
    assert read.revoked == {("ada", HERE): frozenset({"reader"})}


async def test_who_listens_is_told_of_a_change_and_of_nothing_else() -> None:
    known = await registry(Snapshot({HERE: "Northamptonshire Police"}), Snapshot({HERE: "Northamptonshire Police"}), Snapshot(FORCES))
    seen = known.generation
    listening = asyncio.create_task(known.changed(seen))

    await known.refresh()
    assert known.generation == seen
    await known.refresh()

    assert await asyncio.wait_for(listening, 1) == known.generation == seen + 1
    assert await known.changed(seen) == seen + 1


async def test_what_was_last_known_holds_while_mongodb_is_away() -> None:
    known = await registry(Snapshot(FORCES), Unavailable("away"), Snapshot({HERE: "Northamptonshire Police"}))
    stopping = asyncio.Event()
    polling = asyncio.create_task(known.poll(stopping, 0.01))

    await asyncio.wait_for(known.changed(known.generation), 1)
    stopping.set()
    await asyncio.wait_for(polling, 1)

    assert list(known.forces) == [HERE]


async def test_polling_ends_at_once_when_the_service_stops() -> None:
    known = await registry(Snapshot(FORCES))
    stopping = asyncio.Event()
    polling = asyncio.create_task(known.poll(stopping, 3600))
    await asyncio.sleep(0)

    stopping.set()

    await asyncio.wait_for(polling, 1)
