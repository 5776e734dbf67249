"""Forces: registered, with a topic that keeps everything, and rules of their own for the services."""

from collections.abc import Iterator
from functools import partial

from contracts.forces import FORCES
from contracts.topics import PARTITIONS, topic
from roundtable.desired.change import Bench, Change
from roundtable.desired.file import Desired
from roundtable.desired.found import Found, Topic
from roundtable.errors import OperatorError
from roundtable.provisioning import add_force
from roundtable.provisioning.topics import set_back, settings


def force_changes(desired: Desired, found: Found) -> Iterator[Change]:
    """What makes the forces as the file says; one that it does not name is left as it is."""
    for slug in desired.forces:
        if slug in found.topics:
            yield from _topic_changes(slug, found.topics[slug])
        if slug not in found.forces:
            yield Change("+", f"force {slug}", partial(_add, slug=slug))


def force_faults(desired: Desired, found: Found) -> Iterator[str]:
    """What is not as it shall be, and cannot be mended from here."""
    for slug in desired.forces:
        wanted = found.forces.get(slug, PARTITIONS)
        if slug in found.topics and found.topics[slug].partitions != wanted:
            yield (
                f"{topic(slug)} has {found.topics[slug].partitions} partitions, not {wanted}: their number is never changed, "
                "because records would move between them; put Kafka's data back from your backup"
            )
    yield from found.lost


def refuse_unknown_forces(desired: Desired, found: Found) -> None:
    """Raise OperatorError for a force that is neither registered nor one of those that can be."""
    unknown = [slug for slug in desired.forces if slug not in FORCES and slug not in found.forces]
    if unknown:
        message = f"forces: {', '.join(unknown)} cannot be added: none of the 45 forces, which are {', '.join(FORCES)}"
        raise OperatorError(message)


def _topic_changes(slug: str, at: Topic) -> Iterator[Change]:
    wanted = settings(at.copies)
    for name, value in at.drift.items():
        make = partial(_set_back, slug=slug, setting=name, value=wanted[name])
        yield Change("~", f"topic {topic(slug)} {name}: {value} becomes {wanted[name]}", make)


def _add(bench: Bench, slug: str) -> None:
    add_force(bench.desk, slug)


def _set_back(bench: Bench, slug: str, setting: str, value: str) -> None:
    set_back(bench.desk.kafka, topic(slug), setting, value)
