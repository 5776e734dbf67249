"""One row's scene: a force under load with subscribers, a stranger beside it, and the verdict when the fault has healed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from contracts.events import ConcernClosed
from readmodel.model import Model
from readmodel.projections import PROJECTION
from roundtable.live_model import standing
from roundtable.native import Engines
from roundtable.provisioning import registered_forces
from roundtable.verification.force import verify_force
from roundtable.verification.log import log_reader
from roundtable.verification.report import ALLOWED, Report
from tests.faults.evidence import Evidence, Subscriber, ends, read_log
from tests.faults.load import PATIENCE, Load, Target
from tests.faults.oracle import differences
from tests.faults.receiver import Receiver
from tests.faults.world import World
from tests.journeys.reaching import created, wait_until
from tests.journeys.test_kill import all_concerns

_CONSUMERS = ("readmodel", "notifications")
_TICK = 0.1


@dataclass(frozen=True)
class Verdict:
    """What the oracle says, and how long it took until all that was answered was everywhere.

    Attributes:
        verified: what `roundtable verify` finds wrong, which folds with the code of the services, as the oracle does not.
    """

    differences: list[str]
    verified: list[str]
    recovery: float
    bound: float
    evidence: Evidence

    @property
    def well(self) -> bool:
        """Whether the oracle holds, and the product's own verification finds nothing."""
        return not self.differences and not self.verified

    def __str__(self) -> str:
        """The first differences, for whoever reads a failed test."""
        found = f"{len(self.differences)} differences: " + "; ".join(self.differences[:8])
        return found + (f"; verify: {'; '.join(self.verified[:8])}" if self.verified else "")


@dataclass
class Scene:
    """A force in which something goes wrong."""

    world: World
    force: str
    stranger: str
    load: Load
    receiver: Receiver
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    """By the path at which the receiver takes what they are sent."""

    def reach(self, more: int, within: float = 120.0) -> None:
        """Wait until so many more requests have been answered."""
        enough = len(self.load.answered) + more
        wait_until(lambda: self.load.reached(enough), within=within)

    def verdict(self, bound: float, *, told: bool = False) -> Verdict:
        """End the load and judge, once everything came everywhere or the bound is over; the fault has just healed.

        Args:
            bound: seconds.
            told: wait for each delivery to be taken by its receiver too: one whose sender died is due again only after a minute.
        """
        healed = time.monotonic()
        self.load.finish(bound)
        late = self._await_rest(healed + bound, told=told)
        recovery = time.monotonic() - healed
        evidence = self.evidence(f"{late} within {bound:g} s" if late else "")
        return Verdict(differences(evidence), self.verified(), recovery, bound, evidence)

    def verified(self) -> list[str]:
        """What `roundtable verify` finds wrong with the force."""
        engines, report = self.world.cluster.engines, Report()
        (force,) = (each for each in registered_forces(engines.provisioning) if each["_id"] == self.force)
        with log_reader(engines.kafka_client("admin")) as log:
            verify_force(engines.provisioning, log, force, report)
        return [str(each) for kind, section in report.sections.items() if kind not in ALLOWED for each in section.named]

    def evidence(self, late: str = "") -> Evidence:
        """Everything that is known of the force now."""
        engines = self.world.cluster.engines
        ours = [one.id for one in self.subscribers.values()]
        with engines.mongo.client() as client:
            model = live(engines)
            stored = {name: list(client["readmodel"][model.name_of(name)].find({"force": self.force})) for name in _OF_MODEL}
            # What counts as delivered is asked before what came: the other way round, one more may be delivered in between.
            deliveries = list(
                client["notifications"]["deliveries"].find({"$or": [{"force": self.force}, {"subscription_id": {"$in": ours}}]})
            )
            return Evidence(
                self.force,
                list(self.load.answered),
                frozenset(self.load.open_keys),
                read_log(engines, self.force),
                list(client["concerns"]["concerns"].find({"force": self.force})),
                self._shown(),
                stored["concerns"],
                stored["figures"],
                stored["history"],
                [replace(one, got=self.receiver.at(path)) for path, one in self.subscribers.items()],
                deliveries,
                self._leaks(),
                late,
            )

    def _await_rest(self, deadline: float, *, told: bool) -> str:
        """Wait until nothing is under way in this force; what still is when the time is up, in words."""
        while (what := unrest(self.world.cluster.engines, self.force, told=told)) and time.monotonic() < deadline:
            time.sleep(_TICK)
        return what

    def _shown(self) -> frozenset[str]:
        with self.world.client("readmodel", f"{self.force}:reader") as reader:
            return frozenset(concern["id"] for concern in all_concerns(reader, self.force))

    def _leaks(self) -> list[str]:
        """What someone with a grant for another force is shown of this one."""
        some = next((answer.id for answer in self.load.answered), "none")
        asked = [
            f"/v1/concerns?force={self.force}",
            f"/v1/events?force={self.force}",
            f"/v1/summary?force={self.force}",
            f"/v1/concerns/{some}",
        ]
        with self.world.client("readmodel", f"{self.stranger}:reader") as stranger:
            return [f"a stranger is answered at {path}" for path in asked if stranger.get(path).is_success]


_OF_MODEL = ("concerns", "figures", "history")


def live(engines: Engines) -> Model:
    """The model that readers read."""
    now = standing(engines.provisioning)
    return now.live if now else Model(PROJECTION)


def unrest(engines: Engines, force: str, *, told: bool = False) -> str:
    """What of a force is still under way, in words; nothing when all of it came to an end."""
    with engines.mongo.client() as client:
        if pending := client["concerns"]["outbox"].count_documents({"force": force, "status": "pending"}):
            return f"{pending} events wait in the outbox"
        log = ends(engines, force)
        for consumer in _CONSUMERS:
            mine = {"force": force, "build": live(engines).later_build if consumer == "readmodel" else None}
            stands = {each["partition"]: each["offset"] for each in client[consumer]["positions"].find(mine)}
            if behind := sum(max(0, end - stands.get(partition, 0)) for partition, end in log.items()):
                return f"{consumer} is {behind} events behind"
        if told and (waiting := client["notifications"]["deliveries"].count_documents({"force": force, "status": "pending"})):
            return f"{waiting} deliveries wait"
    return ""


@contextmanager
def scene(world: World, clients: int = 4, rate: float | None = None, patience: float = PATIENCE) -> Iterator[Scene]:
    """A force of its own under load. Its subscribers are there before its first event."""
    force, stranger = world.new_force(), world.new_force()
    with Receiver() as receiver:
        load = Load(Target(world.urls("concerns"), world.token(f"{force}:recorder"), force), clients, rate, patience)
        made = Scene(world, force, stranger, load, receiver)
        made.subscribers = {
            "everything": _subscriber(made, "everything", force, ()),
            "closed": _subscriber(made, "closed", force, (ConcernClosed.type,)),
            "strange": _subscriber(made, "strange", stranger, ()),
        }
        load.start()
        try:
            yield made
        finally:
            load.finish(0)


def _subscriber(made: Scene, name: str, force: str, types: tuple[str, ...]) -> Subscriber:
    wish = {"channel": "webhook", "url": made.receiver.url(name), "types": list(types)}
    with made.world.client("notifications", f"{force}:subscriber") as client:
        subscription = created(client.post(f"/v1/forces/{force}/subscriptions", json=wish))
    return Subscriber(subscription["id"], force, subscription["created_at"], types, ())
