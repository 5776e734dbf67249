"""Kill -9 of each service in turn under load: every 201 is in the read model, exactly once and without gaps."""

import os
import secrets
import signal
import threading
import time
from collections import Counter
from functools import partial
from typing import Any

import httpx2

from roundtable.native.services import Service
from tests.journeys.conftest import Product, Reachable, wait_until

LOAD = 500


class Load:
    """Raises concerns as a patient client does: the same request again, with its key, until it is answered."""

    def __init__(self, product: Reachable, force: str) -> None:
        self._product = product
        self._path = f"/v1/forces/{force}/concerns"
        self._grant = f"{force}:recorder"
        self.recorded: list[str] = []

    def run(self) -> None:
        with self._product.client("concerns", self._grant) as client:
            while len(self.recorded) < LOAD:
                self.recorded.append(self._raise(client, f"load-{len(self.recorded)}"))

    def reached(self, count: int) -> bool:
        return len(self.recorded) >= count

    def _raise(self, client: httpx2.Client, key: str) -> str:
        while True:
            try:
                answer = client.post(self._path, json={"category": "drugs", "said": key}, headers={"Idempotency-Key": key})
            except httpx2.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == httpx2.codes.CREATED:
                return str(answer.json()["id"])
            assert answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR, answer.text


def kill_and_start(service: Service) -> None:
    os.kill(service.child.pid, signal.SIGKILL)
    wait_until(lambda: service.child.exit_status() is not None)
    service.child.restart()
    service.await_ready()


def all_concerns(client: httpx2.Client, force: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"force": force, "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/concerns", params=asked).json()
        items, cursor = items + page["items"], page["next"]
    return items


def test_kill_9_of_each_service_in_turn_loses_and_repeats_nothing(product: Product) -> None:
    force = f"k-{secrets.token_hex(4)}"
    product.add_force(force)
    load = Load(product, force)
    loading = threading.Thread(target=load.run)
    loading.start()
    for number, name in enumerate(("concerns", "readmodel", "notifications", "meetings"), start=1):
        wait_until(partial(load.reached, number * LOAD // 6), within=60)
        kill_and_start(product.services[name])
    loading.join(timeout=90)
    assert not loading.is_alive()

    with product.client("readmodel", f"{force}:reader") as reader:
        newest = reader.get(f"/v1/concerns/{load.recorded[-1]}", params={"min_version": 1, "wait": "10s"})
        assert newest.status_code == httpx2.codes.OK
        wait_until(lambda: len(all_concerns(reader, force)) >= len(set(load.recorded)))
        found = all_concerns(reader, force)
        raised = reader.get("/v1/summary", params={"force": force}).json()["total"]["concerns"]["raised"]

    assert Counter(concern["id"] for concern in found) == Counter(load.recorded)
    assert raised == LOAD
    assert sequences(product, force) == {1: LOAD}
    assert projected_twice(product, force) == []


def sequences(product: Product, force: str) -> Counter[int]:
    """How often each version stands in the history of the force's concerns."""
    with product.engines.mongo.client() as client:
        return Counter(line["version"] for line in client["readmodel"][product.live_model().name_of("history")].find({"force": force}))


def projected_twice(product: Product, force: str) -> list[Any]:
    """Aggregates with more than one line of history for one version."""
    group = {"_id": {"subject": "$subject", "version": "$version"}, "times": {"$sum": 1}}
    stages: list[dict[str, Any]] = [{"$match": {"force": force}}, {"$group": group}, {"$match": {"times": {"$gt": 1}}}]
    with product.engines.mongo.client() as client:
        return list(client["readmodel"][product.live_model().name_of("history")].aggregate(stages))
