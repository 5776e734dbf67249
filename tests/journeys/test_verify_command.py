"""`roundtable verify` and `republish` as an operator runs them, beside the whole product."""

import json
import secrets
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.collection import Collection

from chassis.builds import key_in
from roundtable.verification import Kind
from tests.journeys.conftest import Product, created, roundtable, wait_until

Done = subprocess.CompletedProcess[str]
Damage = Callable[[Product, str], object]


def stored(product: Product, database: str, collection: str) -> Collection[dict[str, Any]]:
    """A collection, to damage; of the read model, the live model's."""
    name = product.live_model().name_of(collection) if collection in {"concerns", "figures", "history"} else collection
    return product.engines.provisioning.database(database)[name]


DAMAGES: dict[str, Damage] = {
    "documents": lambda it, force: stored(it, "readmodel", "concerns").update_one({"force": force}, {"$set": {"status": "resolved"}}),
    "figures": lambda it, force: stored(it, "readmodel", "figures").update_one({"force": force}, {"$inc": {"counts.concerns/open": 1}}),
    "history": lambda it, force: stored(it, "readmodel", "history").delete_one({"force": force}),
    "deliveries": lambda it, force: stored(it, "notifications", "deliveries").delete_one({"force": force}),
    "owners": lambda it, force: stored(it, "concerns", "actions").delete_one({"force": force}),
    "parked": lambda it, force: stored(it, "readmodel", "parked").insert_one(parked(it, force)),
}


def parked(product: Product, force: str) -> dict[str, Any]:
    """An event of the live model that waits for an operator."""
    build, key = product.live_model().later_build, f"engagement.{force}:0:99:d"
    place = {"force": force, "topic": f"engagement.{force}", "partition": 0, "offset": 99}
    return {"_id": key_in(build, key), "build": build, **place, "error": "X"}


def recorded(product: Product) -> str:
    """A force with a meeting, a concern that leads to it, an action, and a subscription that was told of the action."""
    force = f"v-{secrets.token_hex(4)}"
    product.add_force(force)
    base = f"/v1/forces/{force}"
    with product.client("meetings", f"{force}:recorder") as meetings, product.client("concerns", f"{force}:recorder") as concerns:
        meeting = created(meetings.post(f"{base}/meetings", json={"kind": "round_table", "title": "Round table"}))
        concern = created(concerns.post(f"{base}/concerns", json={"category": "drugs", "meeting_id": meeting["id"]}))
        with product.client("notifications", f"{force}:subscriber") as subscriber:
            created(subscriber.post(f"{base}/subscriptions", json={"url": "https://192.0.2.1.example/", "types": ["action-opened"]}))
        backdate(product, force)
        promise = {"owner_role": "Chief Constable", "commitment": "Walk the streets", "standing": True, "answers": [concern["id"]]}
        created(concerns.post(f"{base}/actions", json=promise))
    deliveries = product.engines.provisioning.database("notifications")["deliveries"]
    wait_until(lambda: deliveries.count_documents({"force": force}) == 1)
    wait_until(lambda: projected(product, force) == 3)
    return force


def projected(product: Product, force: str) -> int:
    """How many events of a force the live model holds."""
    read = {"force": force, "build": product.live_model().later_build}
    return sum(each["offset"] for each in stored(product, "readmodel", "positions").find(read))


def backdate(product: Product, force: str) -> None:
    """Make the subscription an old one: of what happened within seconds of its making, nobody can say that it had to be told."""
    long_ago = dict.fromkeys(("created_at", "changed_at"), "2020-01-01T00:00:00.000Z")
    subscriptions = product.engines.provisioning.database("notifications")["subscriptions"]
    assert subscriptions.update_one({"force": force}, {"$set": long_ago}).modified_count == 1


def test_what_the_product_made_is_clean_and_stays_so_when_it_is_sent_again(product: Product) -> None:
    force = recorded(product)

    clean = roundtable(product, "verify", "--force", force)
    again = roundtable(product, "republish", "--force", force)
    wait_until(lambda: projected(product, force) == 6)
    still_clean = roundtable(product, "verify", "--force", force)

    assert (clean.returncode, clean.stderr) == (0, ""), clean.stdout
    assert len(clean.stdout.splitlines()) == len(Kind)
    assert all(line.startswith("ok ") for line in clean.stdout.splitlines())
    assert (again.returncode, again.stdout) == (0, f"3 records of {force} are on their way again\n")
    assert still_clean.returncode == 0, still_clean.stdout


@pytest.fixture(scope="module")
def damaged(product: Product) -> str:
    """One force, to be damaged in one way after the other."""
    return recorded(product)


def test_each_damage_is_named_and_the_exit_status_is_1(product: Product, damaged: str) -> None:
    named: list[str] = []
    for kind, damage in DAMAGES.items():
        damage(product, damaged)
        named.append(kind)

        done = roundtable(product, "verify", "--force", damaged, "--json")

        said = json.loads(done.stdout)
        assert {each for each, section in said["kinds"].items() if section["differences"]} == set(named), done.stdout
        assert (done.returncode, said["clean"]) == (1, False)
        assert all(each["force"] == damaged and each["id"] and each["where"] for each in said["kinds"][kind]["named"])


def test_a_force_a_record_and_a_type_that_there_are_not_are_refused_in_a_sentence(product: Product) -> None:
    refusals = [
        roundtable(product, "verify", "--force", "narnia"),
        roundtable(product, "republish", "--force", "northamptonshire", "--subject", "x"),
        roundtable(product, "republish", "--force", "northamptonshire", "--type", "petition-signed"),
    ]

    assert [done.returncode for done in refusals] == [1, 1, 1]
    assert [done.stderr.splitlines()[0] for done in refusals] == [
        "roundtable: narnia is not a registered force: roundtable forces add narnia",
        "roundtable: northamptonshire has no record x",
        "roundtable: 'engagement.petition-signed.v1' is no type of event: the catalogue lists them, such as concern-raised",
    ]
