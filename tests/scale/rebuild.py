"""Measures a rebuild at scale, on real engines and processes: `python -m tests.scale.rebuild EVENTS [--versions N] [--show]`.

The projector's own rate first, then the rebuild's over the same log, each with the memory of its process. With `--show`, once more under
load with two replicas, of which the one that builds is killed in the midst of building, of verifying and of swapping.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from readmodel.model import Phase, Standing
from roundtable import rebuilding
from roundtable.identity import Issuer
from roundtable.live_model import of_live, standing
from roundtable.native import Engines, start_engines
from roundtable.native.ports import _fresh
from roundtable.native.processes import Child, Command, stop_all
from roundtable.native.services import Service, _settings
from roundtable.provisioning import add_force
from tests.scale.filling import fill
from tests.scale.load import FORCE, Load
from tests.scale.measures import Course, Memory, cpu_seconds

LOOK_SECONDS: Final = 0.1


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that tells what it measures


@dataclass
class Stage:
    """Engines, and the replicas of the read model on them."""

    engines: Engines
    replicas: list[Service] = field(default_factory=list)

    def start(self, number: int) -> Service:
        service = replica(self.engines, number)
        service.await_ready()
        self.replicas.append(service)
        return service

    def projected(self) -> int:
        desk = self.engines.provisioning
        return sum(each["offset"] for each in desk.database("readmodel")["positions"].find(of_live(desk, "readmodel")))

    def cpu(self) -> tuple[float, float]:
        """Seconds that the read model and MongoDB have used: on a busy machine, they tell more than the time that passed."""
        mongod = next(child for child in self.engines.children if "mongo" in child.name)
        return sum(cpu_seconds(service.child.pid) for service in self.replicas), cpu_seconds(mongod.pid)

    def standing(self) -> Standing:
        found = standing(self.engines.provisioning)
        assert found is not None
        return found


def replica(engines: Engines, number: int) -> Service:
    """One process of the read model among several."""
    name, port = f"readmodel-{number}", _fresh(set())
    env = _settings(engines, "readmodel", port) | {"ROUNDTABLE_INSTANCE": name}
    return Service(Child(Command(name, (sys.executable, "-m", "readmodel.main"), engines.home.logs / f"{name}.log", env)), port)


@contextmanager
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="scale-") as folder, start_engines(Path(folder)) as engines:
        Issuer(engines.home).publish()
        add_force(engines.provisioning, FORCE)
        made = Stage(engines)
        try:
            yield made
        finally:
            stop_all([service.child for service in made.replicas])


def project(there: Stage, events: int) -> None:
    course = Course()
    service = there.start(1)
    before = there.cpu()
    with Memory(lambda: service.child.pid) as memory:
        while events > (done := there.projected()):
            course.note(done)
            time.sleep(LOOK_SECONDS)
        course.note(done)
    say(f"projector: {course}; {_spent(before, there.cpu(), events)}; {memory}")


def _spent(before: tuple[float, float], after: tuple[float, float], events: int) -> str:
    own, mongod = ((now - then) * 1e6 / events for then, now in zip(before, after, strict=True))
    return f"{own:.0f} µs of CPU for an event, and {mongod:.0f} of MongoDB's"


@dataclass
class Rebuild:
    """What was seen of one build."""

    course: Course = field(default_factory=Course)
    phases: dict[str, float] = field(default_factory=dict)
    spent: list[tuple[float, float]] = field(default_factory=list)

    def follow(self, there: Stage, meanwhile: Callable[[Standing], None] = lambda _: None) -> None:
        before, begun = there.standing().live, time.monotonic()
        rebuilding.ask(there.engines.provisioning)
        while (now := there.standing()).live == before:
            assert now.ended is None or now.wanted is not None or now.ended.model == before, now.ended
            if now.wanted and now.wanted.phase and str(now.wanted.phase) not in self.phases:
                self.phases[str(now.wanted.phase)] = time.monotonic()
                self.spent.append(there.cpu())
            if now.wanted and now.wanted.phase is Phase.BUILDING:
                store = there.engines.provisioning.database("readmodel")["positions"]
                self.course.note(sum(each["offset"] for each in store.find({"build": now.wanted.model.later_build})))
            meanwhile(now)
            time.sleep(LOOK_SECONDS)
        self.phases["swapped"] = time.monotonic()
        self.spent.append(there.cpu())
        self.whole = time.monotonic() - begun

    def __str__(self) -> str:
        names, at = list(self.phases), list(self.phases.values())
        took = ", ".join(f"{name} {later - since:.1f} s" for name, since, later in zip(names, at, at[1:], strict=False))
        return f"{self.whole:.1f} s in all ({took}); building {self.course}"


def rebuild(there: Stage, events: int) -> None:
    measured = Rebuild()
    with Memory(lambda: there.replicas[0].child.pid) as memory:
        measured.follow(there)
    say(f"rebuild: {measured}; {memory}")
    for phase, one, other in zip(measured.phases, measured.spent, measured.spent[1:], strict=False):
        say(f"    {phase}: {_spent(one, other, events)}")


class Killer:
    """Kills whoever builds, once in each of the phases, and starts it again."""

    def __init__(self, there: Stage, after: int) -> None:
        self._there = there
        self._due: dict[Phase, int] = {Phase.BUILDING: after, Phase.VERIFYING: 0, Phase.SWAPPING: 0}
        self.killed: list[str] = []

    def look(self, now: Standing) -> None:
        wanted = now.wanted
        if wanted is None or wanted.phase not in self._due or wanted.done < self._due[wanted.phase]:
            return
        del self._due[wanted.phase]
        victim = self._builder()
        os.kill(victim.child.pid, signal.SIGKILL)
        victim.child.restart()
        self.killed.append(f"{wanted.phase} at {wanted.done:,}")

    def _builder(self) -> Service:
        return max(self._there.replicas, key=_last_built)


def _last_built(service: Service) -> str:
    """When a replica last said that it builds, as its log tells the time."""
    lines = service.child.command.log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [json.loads(line)["time"] for line in lines if '"rebuild_begins"' in line or '"rebuild_goes_on"' in line]
    return max(said, default="")


def reading(there: Stage) -> Load:
    return Load(lambda: [service.url for service in there.replicas], there.engines.home)


@contextmanager
def writing(there: Stage) -> Iterator[None]:
    """Some fifty events a second, in the midst of it all."""
    stopped = threading.Event()

    def write() -> None:
        while not stopped.wait(1.0):
            fill(there.engines.kafka_client("concerns"), FORCE, 50)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield
    stopped.set()
    thread.join()


def show(there: Stage, events: int) -> None:
    """The rebuild under load, killed three times on its way."""
    there.start(2)
    with reading(there) as quiet:
        time.sleep(30)
    say(f"queries before: {quiet}")
    measured, killer = Rebuild(), Killer(there, events // 3)
    with (
        writing(there),
        reading(there) as load,
        Memory(lambda: there.replicas[0].child.pid) as one,
        Memory(lambda: there.replicas[1].child.pid) as other,
    ):
        measured.follow(there, killer.look)
    say(f"rebuild under load, killed {killer.killed}: {measured}; {one}; {other}")
    say(f"queries during: {load}")


def main() -> None:
    """Measure, and say so."""
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=int)
    parser.add_argument("--versions", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    asked: Any = parser.parse_args(sys.argv[1:])
    with stage() as there:
        begun = time.monotonic()
        fill(there.engines.kafka_client("concerns"), FORCE, asked.events, asked.versions)
        say(f"filled with {asked.events:,} events in {time.monotonic() - begun:.1f} s")
        project(there, asked.events)
        rebuild(there, asked.events)
        if asked.show:
            show(there, asked.events)


if __name__ == "__main__":
    main()
