"""Registers a force: its topic, its rules, its key, and last of all its line in the registry."""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka.admin import AclBinding

from contracts.forces import FORCES
from contracts.topics import PARTITIONS, topic
from roundtable.credentials import write_once
from roundtable.errors import OperatorError
from roundtable.provisioning import acls
from roundtable.provisioning.desk import Document, Provisioning
from roundtable.provisioning.services import READERS, WRITERS
from roundtable.provisioning.topics import make_topic

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY_BYTES = 32


def add_force(desk: Provisioning, slug: str, partitions: int = PARTITIONS) -> None:
    """Give a force all that it needs, then register it; what is there already stays as it is.

    Services see the registry, so a force is visible only once everything else is in place.
    """
    check_slug(slug)
    make_topic(desk, slug, partitions)
    acls.allow(desk.kafka, force_rules(slug))
    make_key(desk.keys_dir, slug)
    _register(desk, slug, partitions)


def check_slug(slug: str) -> None:
    """Raise OperatorError for what cannot be a force's slug."""
    if not _SLUG.fullmatch(slug):
        message = f"{slug!r} is not a force's slug: small letters, digits and single hyphens"
        raise OperatorError(message)


def hold_force(desk: Provisioning, slug: str) -> list[str]:
    """Hold a registered force to its access rules; what it lacks, in sentences.

    A topic or a key is never made again: an empty one in the place of a lost one would hide the loss.
    """
    acls.allow(desk.kafka, force_rules(slug))
    return list(losses(desk, slug, has_topic=topic(slug) in desk.kafka.list_topics(timeout=10).topics))


def losses(desk: Provisioning, slug: str, *, has_topic: bool) -> Iterator[str]:
    """What a registered force has lost, in sentences that say where it comes back from."""
    if not has_topic:
        yield f"{slug} is registered, but Kafka lacks its topic {topic(slug)}: put Kafka's data back from your backup"
    if not any((desk.keys_dir / slug).glob("*.key")):
        yield f"{slug} is registered, but {desk.keys_dir / slug} holds no key: put it back from your backup"


def registered_forces(desk: Provisioning) -> list[Document]:
    """The documents of the registry, in the order of their slugs."""
    return list(desk.database("registry")["forces"].find().sort("_id"))


def is_registered(desk: Provisioning, slug: str) -> bool:
    """Whether the registry holds this force."""
    return desk.database("registry")["forces"].find_one({"_id": slug}) is not None


def require_registered(desk: Provisioning, slug: str) -> None:
    """Raise OperatorError unless the registry holds this force."""
    if not is_registered(desk, slug):
        message = f"{slug} is not a registered force: roundtable forces add {slug}"
        raise OperatorError(message)


def make_key(keys_dir: Path, slug: str) -> None:
    """The force's first key-encryption key: 256 random bits in a file of its own, unless it has one."""
    folder = keys_dir / slug
    if not any(folder.glob("*.key")):
        write_once(folder / "1.key", _new_key())


def add_generation(keys_dir: Path, slug: str) -> int:
    """The next generation of a force's key, which counts for all that is sealed from now on; its number."""
    generation = 1 + max((int(file.stem) for file in (keys_dir / slug).glob("*.key")), default=0)
    write_once(keys_dir / slug / f"{generation}.key", _new_key())
    return generation


def _new_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode().rstrip("=")


def force_rules(slug: str) -> list[AclBinding]:
    """What services may do with a force's topic."""
    writers = [rule for user in WRITERS for rule in acls.may_write(user, topic(slug))]
    return writers + [rule for user in READERS for rule in acls.may_read(user, topic(slug))]


def _register(desk: Provisioning, slug: str, partitions: int) -> None:
    line = {
        "name": FORCES.get(slug, slug),
        "topic": topic(slug),
        "partitions": partitions,
        "registered_at": datetime.now(UTC),
    }
    forces = desk.database("registry")["forces"]
    forces.update_one({"_id": slug}, {"$setOnInsert": line}, upsert=True)
