"""Passwords are exchanged while a service runs: it finds the new one by itself, and nothing that was under way is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from chassis.mongo import Mongo, SignInRefused, Tx, Unavailable
from roundtable.native.mongo.server import connection_string
from tests import builders
from tests.conftest import Place, eventually


@dataclass
class Someone:
    """A user of MongoDB's, and what stands in the file of its password."""

    place: Place
    name: str = field(default_factory=lambda: f"someone-{builders.new_id()}")
    written: str = "the first"

    def has(self, password: str) -> None:
        """Give it a password; every connection that is open stays."""
        with self.place.engines.mongo.client() as administrator:
            known = administrator.admin.command("usersInfo", self.name)["users"]
            if known:
                administrator.admin.command("updateUser", self.name, pwd=password)
            else:
                rights = [{"role": "readWrite", "db": f"{self.place.prefix}concerns"}]
                administrator.admin.command("createUser", self.name, pwd=password, roles=rights)

    def seam(self, driver: Literal["motor", "pymongo"]) -> Mongo:
        """A service's way in, as this user."""
        address = connection_string(self.place.engines.mongo.address, self.name)
        return Mongo(address, driver, self.place.prefix, lambda: self.written)


@pytest.fixture
def someone(place: Place) -> Iterator[Someone]:
    made = Someone(place)
    made.has("the first")
    yield made
    with place.engines.mongo.client() as administrator:
        administrator.admin.command("dropUser", made.name)


@pytest.fixture(params=["motor", "pymongo"])
async def mongo(request: pytest.FixtureRequest, someone: Someone) -> AsyncIterator[Mongo]:
    seam = someone.seam(request.param)
    yield seam
    await seam.close()


async def test_who_shows_a_password_that_was_exchanged_is_told_to_come_again_and_is_then_let_in(someone: Someone, mongo: Mongo) -> None:
    someone.has("the second")
    someone.written = "the second"
    letters = mongo.collection("concerns", "letters")

    with pytest.raises(Unavailable):
        await letters.insert_one({"_id": "a"})
    await letters.insert_one({"_id": "a"})

    assert await letters.count({}) == 1


async def test_all_who_are_refused_at_once_are_let_in_at_once(someone: Someone, mongo: Mongo) -> None:
    someone.has("the second")
    someone.written = "the second"
    letters = mongo.collection("concerns", "letters")

    refused = await asyncio.gather(*(letters.count({}) for _ in range(8)), return_exceptions=True)
    assert {type(each) for each in refused} == {Unavailable}
    assert await asyncio.gather(*(letters.count({}) for _ in range(8))) == [0] * 8


async def test_a_password_that_is_wrong_and_stays_so_is_refused(someone: Someone, mongo: Mongo) -> None:
    someone.has("the second")

    with pytest.raises(SignInRefused):
        await mongo.collection("concerns", "letters").count({})


async def test_a_transaction_ends_as_it_began_while_others_are_let_in_anew(someone: Someone, mongo: Mongo) -> None:
    letters = mongo.collection("concerns", "letters")
    await mongo.ensure_collection("concerns", "letters")

    async def write_and_read(tx: Tx) -> int:
        await letters.insert_one({"_id": "a"}, tx=tx)
        someone.written = "the second"
        someone.has("the second")
        await eventually(lambda: beside(tx))
        # These need connections of their own, and a password for them.
        assert await asyncio.gather(*(letters.count({}) for _ in range(8))) == [0] * 8
        return await letters.count({}, tx=tx)

    async def beside(tx: Tx) -> bool:
        """Whether those beside it, none of whom is refused meanwhile, go by the new password."""
        assert await letters.count({}) == 0
        return mongo._door.client is not tx.client

    assert await mongo.transaction(write_and_read) == 1
    assert await letters.count({}) == 1
