"""What there is, looked at once: it changes nothing, and everything that is judged is judged by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import AclBinding

from contracts.topics import topic
from roundtable.desired.change import Bench
from roundtable.provisioning import acls, registered_forces, rights, scram
from roundtable.provisioning.consumers import RESERVED
from roundtable.provisioning.forces import losses
from roundtable.provisioning.grants import revoked_grants
from roundtable.provisioning.topics import drift, partitions_and_copies


@dataclass(frozen=True)
class Topic:
    """A force's topic: its partitions, its copies, and those of its settings that are not as they shall be."""

    partitions: int
    copies: int
    drift: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The installation as it is.

    Attributes:
        forces: the partitions of each registered force.
        topics: of each registered or named force that has one.
        lost: what registered forces have lost, in sentences.
        users: everyone who has a password in Kafka.
        rules: Kafka's access rules, by user.
        revoked: subjects and forces.
        roles: those of every user of MongoDB.
        mending: whether the command line's own role is as it shall be.
        prefix: that of the databases.
        written: names of the consumers whose `client.properties` lie in the folder for them.
        credentials: that folder.
    """

    forces: Mapping[str, int]
    topics: Mapping[str, Topic]
    lost: tuple[str, ...]
    users: frozenset[str]
    rules: Mapping[str, tuple[AclBinding, ...]]
    revoked: frozenset[tuple[str, str]]
    roles: Mapping[str, list[rights.Role]]
    mending: bool
    prefix: str
    written: frozenset[str]
    credentials: Path

    @property
    def consumers(self) -> list[str]:
        """Everyone but Roundtable itself who has a password or a rule in Kafka; `*` is everyone."""
        return sorted((self.users | self.rules.keys()) - RESERVED)


def look(bench: Bench, named: Iterable[str] = ()) -> Found:
    """Look at everything; at the topics of these forces too, though they are not registered."""
    desk = bench.desk
    registered = {str(force["_id"]): int(force["partitions"]) for force in registered_forces(desk)}
    topics = _topics(bench, {*registered, *named})
    return Found(
        forces=registered,
        topics=topics,
        lost=tuple(loss for slug in registered for loss in losses(desk, slug, has_topic=slug in topics)),
        users=frozenset(scram.users(desk.kafka)),
        rules=_by_user(acls.rules(desk.kafka)),
        revoked=frozenset(revoked_grants(desk)),
        roles=rights.roles_found(bench.administrator),
        mending=rights.mending_is_defined(bench.administrator, desk.database_prefix),
        prefix=desk.database_prefix,
        written=frozenset(file.stem for file in bench.credentials.glob("*.properties")),
        credentials=bench.credentials,
    )


def _topics(bench: Bench, slugs: Iterable[str]) -> dict[str, Topic]:
    kafka, names = bench.desk.kafka, {topic(slug): slug for slug in slugs}
    there = partitions_and_copies(kafka, names)
    differing = drift(kafka, {name: copies for name, (_, copies) in there.items()})
    return {names[name]: Topic(partitions, copies, differing[name]) for name, (partitions, copies) in there.items()}


def _by_user(rules: Iterable[AclBinding]) -> dict[str, tuple[AclBinding, ...]]:
    every = sorted(rules, key=acls.sentence)
    return {user: tuple(rule for rule in every if acls.user_of(rule) == user) for user in {acls.user_of(rule) for rule in every}}
