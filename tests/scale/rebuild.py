"""Measures a rebuild at scale, on real engines and processes: `python -m tests.scale.rebuild EVENTS [--versions N] [--show]`.

The projector's own rate first, then the rebuild's over the same log, each with the memory of its process. With `--show`, once more under
load with two replicas, of which the one that builds is killed in the midst of building, of verifying and of swapping.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import httpx2

from readmodel.model import Phase, Standing
from roundtable import rebuilding
from roundtable.grants import parse_grant
from roundtable.identity import Issuer
from roundtable.live_model import of_live, standing
from roundtable.native import Engines, start_engines
from roundtable.native.ports import _fresh
from roundtable.native.processes import Child, Command, stop_all
from roundtable.native.services import Service, _settings
from roundtable.provisioning import add_force
from tests.scale.filling import fill

FORCE: Final = "northamptonshire"
PAGES: Final = (
    f"/v1/concerns?force={FORCE}&limit=50",
    f"/v1/concerns?force={FORCE}&category=hate-crime&limit=50",
    f"/v1/concerns?force={FORCE}&from=2025-05-10&to=2025-05-20&limit=50",
    f"/v1/summary?force={FORCE}",
)
LOOK_SECONDS: Final = 0.1


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that tells what it measures


@dataclass
class Memory:
    """The resident memory of a process, sampled while something goes on; MiB."""

    pid: Callable[[], int]
    seen: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.5):
            try:
                status = Path(f"/proc/{self.pid()}/status").read_text(encoding="ascii")
            except OSError:
                continue
            self.seen.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)

    def __str__(self) -> str:
        tenth = max(1, len(self.seen) // 10)
        first, last = statistics.median(self.seen[tenth : 2 * tenth] or self.seen), statistics.median(self.seen[-tenth:])
        return f"{first:.0f} MiB in its second tenth, {last:.0f} in its last, {max(self.seen):.0f} at most"


@dataclass
class Course:
    """How far something was, and when."""

    seen: list[tuple[float, int]] = field(default_factory=list)

    def note(self, done: int) -> None:
        self.seen.append((time.monotonic(), done))

    def __str__(self) -> str:
        moving = [at for at in self.seen if at[1] > 0]
        begun, end = moving[0], next(at for at in moving if at[1] == moving[-1][1])
        middle = min(moving, key=lambda at: abs(at[1] - (begun[1] + end[1]) / 2))
        whole, halves = _rate(begun, end), (_rate(begun, middle), _rate(middle, end))
        return f"{whole:,.0f} events/s in {end[0] - begun[0]:.1f} s ({halves[0]:,.0f} in the first half, {halves[1]:,.0f} in the second)"


def _rate(one: tuple[float, int], other: tuple[float, int]) -> float:
    return (other[1] - one[1]) / max(other[0] - one[0], 1e-9)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


@dataclass
class Load:
    """Readers who ask one page after the other, of any replica that answers; milliseconds."""

    there: Stage
    each_seconds: float = 0.05
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    elsewhere: int = 0

    def __enter__(self) -> Self:
        self._stopped = threading.Event()
        token = Issuer(self.there.engines.home).token("ada", [parse_grant(f"{FORCE}:reader")], timedelta(hours=3))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        with httpx2.Client(headers=self._headers, timeout=15) as client:
            while not self._stopped.wait(self.each_seconds):
                number += 1
                self._ask(client, number)

    def _ask(self, client: httpx2.Client, number: int) -> None:
        begun, said = time.monotonic(), "nobody answers"
        for attempt in range(len(self.there.replicas)):
            at = self.there.replicas[(number + attempt) % len(self.there.replicas)].url
            try:
                answer = client.get(at + PAGES[number % len(PAGES)])
            except httpx2.TransportError as error:
                said = type(error).__name__
                continue
            if answer.is_success:
                self.elsewhere += attempt > 0
                self.took.append((time.monotonic() - begun) * 1000)
                return
            said = answer.text
        self.refused.append(said)

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.took, n=100)
        return (
            f"{len(self.took)} queries, p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f}, p99 {cuts[98]:.0f}, "
            f"{self.elsewhere} answered by the other replica, {len(self.refused)} by nobody {sorted(set(self.refused))[:3]}"
        )


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
    said = [json.loads(line)["timestamp"] for line in lines if '"rebuild_begins"' in line or '"rebuild_goes_on"' in line]
    return max(said, default="")


def show(there: Stage, events: int) -> None:
    """The rebuild under load, killed three times on its way."""
    there.start(2)
    with Load(there) as quiet:
        time.sleep(30)
    say(f"queries before: {quiet}")
    measured, killer = Rebuild(), Killer(there, events // 3)
    with Load(there) as load, Memory(lambda: there.replicas[0].child.pid) as one, Memory(lambda: there.replicas[1].child.pid) as other:
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
