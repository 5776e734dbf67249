"""Judges the stack itself: services, replica set, partitions, what waits, and whether registry, topics and keys agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from roundtable.doctor.finding import Finding, fail, graded, ok, warn, worst
from roundtable.positions import Standing

_LAG: Final = (1_000, 10_000)
_OUTBOX_SECONDS: Final = (15.0, 60.0)
_WAITING: Final = (10_000, 100_000)
"""A tenth of the events that may wait unless ROUNDTABLE_OUTBOX_LIMIT says otherwise, and all of them."""
_PARKED: Final = (1, 500)
_SECONDARY_SECONDS: Final = 10.0
_WRITABLE: Final = 2
_SHOWN: Final = 3


@dataclass(frozen=True)
class Member:
    """A member of the replica set: its state, and seconds that it is behind the primary."""

    name: str
    state: str
    behind: float = 0.0


@dataclass(frozen=True)
class Partition:
    """A partition, whether it has a leader, its copies, and how many of them are in step."""

    name: str
    led: bool
    copies: int
    in_step: int


@dataclass(frozen=True)
class Belongings:
    """What there is of each force: partitions by the registry, partitions of topics, forces with a key."""

    registered: Mapping[str, int]
    topics: Mapping[str, int]
    keys: frozenset[str]


@dataclass(frozen=True)
class Waiting:
    """What a service recorded and Kafka does not have: how many events, and seconds that the oldest has waited."""

    events: int
    oldest: float


def judge_services(unready: Mapping[str, str | None]) -> Finding:
    """Each service, and why it is not ready."""
    ill = [f"{name} ({why})" for name, why in unready.items() if why]
    if ill:
        return fail(f"not ready: {', '.join(ill)}", "read the service's log; what it waits for stands in its /health/ready")
    return ok(f"{', '.join(unready)} are ready")


def judge_replica_set(members: Sequence[Member]) -> Finding:
    """Whether each member is well and one is the primary."""
    primaries = [member.name for member in members if member.state == "PRIMARY"]
    if len(primaries) != 1:
        return fail(f"{len(primaries)} primaries among {len(members)} members", "start the members that are away: a majority elects one")
    ill = [f"{member.name} is {member.state}" for member in members if member.state not in {"PRIMARY", "SECONDARY", "ARBITER"}]
    if ill:
        return warn(", ".join(ill), "start it, or read its log: one more that fails may stop every write")
    late = [f"{member.name} is {member.behind:.0f} s behind" for member in members if member.behind > _SECONDARY_SECONDS]
    return warn(", ".join(late), "look at its disk and network") if late else ok(f"{len(members)} members, primary {primaries[0]}")


def judge_partitions(partitions: Sequence[Partition]) -> Finding:
    """Whether each partition of each force's topic has a leader and all its copies."""
    headless = [part.name for part in partitions if not part.led]
    closed = [part.name for part in partitions if part.copies > _WRITABLE and part.in_step < _WRITABLE]
    thin = [part.name for part in partitions if part.in_step < part.copies]
    if headless:
        return fail(f"{len(headless)} offline: {', '.join(headless[:3])}", "start the brokers that hold them; nothing is lost meanwhile")
    if closed:
        return fail(f"{len(closed)} take no events: {', '.join(closed[:3])}", "start the brokers that are away")
    if thin:
        return warn(f"{len(thin)} under-replicated: {', '.join(thin[:3])}", "start the broker that is away, or wait until it has caught up")
    return ok(f"{len(partitions)} partitions, each with a leader and all its copies")


def judge_lag(lags: Mapping[str, int | None]) -> Finding:
    """Events of each force that the read model has yet to project."""
    unknown = [force for force, lag in lags.items() if lag is None]
    if unknown:
        return fail(f"cannot be told of {', '.join(unknown)}", "see the line of the partitions")
    total = sum(lag for lag in lags.values() if lag)
    return graded(total, _LAG, f"{total} events behind", "look whether it shrinks; if not, read the read model's log")


def judge_outbox(waiting: Mapping[str, Waiting], refusing: Iterable[str] = ()) -> Finding:
    """What of each service waits for Kafka, and who refuses writes because of it; services where nothing waits are not there."""
    if refused := sorted(refusing):
        return fail(
            f"{', '.join(refused)} refuse writes: too much waits for Kafka", "let Kafka take events again; nothing else has to be done"
        )
    if not waiting:
        return ok("nothing waits for Kafka")
    return worst(_judge_waiting(service, waits) for service, waits in waiting.items())


def _judge_waiting(service: str, waits: Waiting) -> Finding:
    found = f"{waits.events} events wait, the oldest for {waits.oldest:.0f} s, in {service}"
    advice = f"look whether Kafka is there, then read the log of {service}; when too many wait, writes are refused"
    of_both = [graded(waits.oldest, _OUTBOX_SECONDS, found, advice), graded(waits.events, _WAITING, found, advice)]
    return max(of_both, key=lambda finding: ("ok", "warn", "FAIL").index(finding.state))


def judge_positions(standings: Sequence[Standing]) -> Finding:
    """Whether each service stands within the log, and reads on."""
    wrong = [f"{at.name} stands at {at.offset}, the log reaches from {at.start} to {at.end}" for at in standings if at.outside]
    wrong += [f"{at.name} is stopped" for at in standings if at.stopped and not at.outside]
    if wrong:
        return fail("; ".join(wrong[:_SHOWN]), "docs/operating.md, under PartitionStopped")
    return ok(f"{len(standings)} positions, each within its log")


def judge_parked(parked: Mapping[str, int]) -> Finding:
    """Events that each service could not process."""
    held = {service: count for service, count in parked.items() if count}
    found = ", ".join(f"{count} in {service}" for service, count in held.items()) or "none"
    return graded(sum(held.values()), _PARKED, found, "docs/operating.md, under EventsParked")


def judge_belongings(there: Belongings) -> Finding:
    """Whether each registered force has its topic, its partitions and its key, and nothing is left over."""
    broken = [f"{force} has no topic" for force in there.registered if force not in there.topics]
    broken += [
        f"{force} has {there.topics[force]} partitions, not {partitions}"
        for force, partitions in there.registered.items()
        if there.topics.get(force, partitions) != partitions
    ]
    broken += [f"{force} has no key" for force in there.registered if force not in there.keys]
    if broken:
        return fail("; ".join(broken), "restore what is missing from the backup; a new key opens nothing that an old one sealed")
    left = sorted((there.topics.keys() | there.keys) - there.registered.keys())
    if left:
        return warn(f"a topic or key of forces that are not registered: {', '.join(left)}", f"roundtable forces add {left[0]} finishes it")
    return ok(f"{len(there.registered)} forces, each with topic, partitions and key")
