"""Judges whether the versions of all that runs fit together, and whether an upgrade was left half done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from roundtable.doctor.finding import Finding, fail, ok, warn, worst

PYTHON: Final = ((3, 11), (3, 14))
"""The first version that will do, and the first that is not tried yet: `requires-python`."""
_OLDEST_MONGO: Final = (6, 0)
# The level of metadata that Kafka 4.0 writes; before it there is no KRaft quorum that Roundtable was tried with.
_OLDEST_KAFKA: Final = 22


@dataclass(frozen=True)
class Versions:
    """What runs: Python here, MongoDB and the version its data is compatible with, Kafka's metadata level and the highest it could have."""

    python: tuple[int, ...]
    roundtable: str
    services: Mapping[str, str]
    mongo: str
    mongo_compatible: str
    kafka: tuple[int, int]


def judge_versions(versions: Versions) -> Finding:
    """Whether all that runs fits together, and no upgrade was left half done."""
    return worst([_judge_python(versions), _judge_own(versions), _judge_mongo(versions), _judge_kafka(versions)])


def _judge_python(versions: Versions) -> Finding:
    found = f"Python {'.'.join(map(str, versions.python))}"
    first, untried = PYTHON
    return ok(found) if first <= versions.python[:2] < untried else fail(found, "run it with Python 3.11, 3.12 or 3.13")


def _judge_own(versions: Versions) -> Finding:
    others = {name: version for name, version in versions.services.items() if version != versions.roundtable}
    if others:
        found = f"roundtable {versions.roundtable}, but {', '.join(f'{name} {version}' for name, version in others.items())}"
        return warn(found, "finish the upgrade: start every service from the same image")
    return ok(f"roundtable {versions.roundtable}")


def _judge_mongo(versions: Versions) -> Finding:
    found = f"MongoDB {versions.mongo}, its data as of {versions.mongo_compatible}"
    own = tuple(int(part) for part in versions.mongo.split(".")[:2])
    if own < _OLDEST_MONGO:
        return fail(found, "upgrade MongoDB: transactions and $$NOW are tried from 6.0 on")
    if versions.mongo_compatible != ".".join(map(str, own)):
        return warn(found, "once the upgrade is settled, raise setFeatureCompatibilityVersion; before the next one it must be raised")
    return ok(found)


def _judge_kafka(versions: Versions) -> Finding:
    level, highest = versions.kafka
    found = f"Kafka's metadata at level {level} of {highest}"
    if level < _OLDEST_KAFKA:
        return fail(found, "upgrade Kafka to 4.0 or later")
    return ok(found) if level == highest else warn(found, "once the upgrade is settled, run kafka-features.sh upgrade")
