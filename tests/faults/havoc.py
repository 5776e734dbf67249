"""Random faults, each of which heals before the next one: which comes, to whom and for how long, a seed decides.

Services that are killed are started again by their supervisor, engines by whoever killed them.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable

from roundtable.native.processes import Child
from roundtable.native.services import NAMES
from tests.faults.scene import Scene
from tests.faults.signals import go_on, kill, stop
from tests.faults.world import World, await_ready

LONGEST_SLEEP = 40.0
LONGEST_ABSENCE = 15.0
LATENCY = 0.2


class Havoc:
    """Makes faults in a world under load, and counts them."""

    def __init__(self, world: World, there: Scene, chance: random.Random) -> None:
        self._world = world
        self._there = there
        self._chance = chance
        self.made: Counter[str] = Counter()

    def strike(self) -> None:
        """Make one fault and heal it; then let the load go on for a moment."""
        kinds: tuple[Callable[[], None], ...] = (
            self._kill_service,
            self._stop_service,
            self._kafka_away,
            self._stop_kafka,
            self._kill_mongod,
            self._stop_mongod,
            self._latency,
            self._resets,
            self._half_open,
            self._machine,
        )
        kind = self._chance.choice(kinds)
        kind()
        self.made[kind.__name__.strip("_").replace("_", " ")] += 1
        self._there.load.wait(self._chance.uniform(0.5, 4))

    def _kill_service(self) -> None:
        service = self._world.services[self._chance.choice(NAMES)]
        os.kill(service.child.pid, signal.SIGKILL)
        await_ready(service)

    def _stop_service(self) -> None:
        self._pause(self._world.services[self._chance.choice(NAMES)].child, LONGEST_SLEEP)

    def _kafka_away(self) -> None:
        self._absent(self._world.cluster.brokers[0])

    def _stop_kafka(self) -> None:
        self._pause(self._world.cluster.brokers[0], LONGEST_ABSENCE)

    def _kill_mongod(self) -> None:
        self._absent(self._world.cluster.members[0])

    def _stop_mongod(self) -> None:
        self._pause(self._world.cluster.members[0], LONGEST_ABSENCE)

    def _latency(self) -> None:
        proxies = (self._world.cluster.kafka_proxy, self._world.cluster.mongo_proxy)
        for proxy in proxies:
            proxy.latency = self._chance.uniform(0, LATENCY)
        self._there.load.wait(self._chance.uniform(1, 6))
        for proxy in proxies:
            proxy.latency = 0.0

    def _resets(self) -> None:
        for _ in range(self._chance.randint(1, 5)):
            self._chance.choice((self._world.cluster.kafka_proxy, self._world.cluster.mongo_proxy)).reset()
            self._there.load.wait(self._chance.uniform(0.1, 1))

    def _half_open(self) -> None:
        self._chance.choice((self._world.cluster.kafka_proxy, self._world.cluster.mongo_proxy)).stall()

    def _machine(self) -> None:
        engines = [*self._world.cluster.brokers, *self._world.cluster.members]
        for service in self._world.services.values():
            os.kill(service.child.pid, signal.SIGKILL)
        kill(*engines)
        for engine in engines:
            engine.restart()
        self._world.cluster.engines.kafka.await_ready()
        for service in self._world.services.values():
            await_ready(service)

    def _pause(self, child: Child, longest: float) -> None:
        stop(child)
        self._there.load.wait(self._chance.uniform(1, longest))
        go_on(child)

    def _absent(self, engine: Child) -> None:
        kill(engine)
        self._there.load.wait(self._chance.uniform(0, LONGEST_ABSENCE))
        engine.restart()
