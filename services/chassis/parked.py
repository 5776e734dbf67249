"""Parked events: what could not be handled, kept as it was received, with why, where it came from and what is understood of it."""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from traceback import extract_tb
from typing import Any, Final, Self

import structlog
from aiokafka import TopicPartition
from bson import Binary
from pydantic import ValidationError

from chassis import metrics
from chassis.batch import UnknownEventError
from chassis.builds import key_in, without_build
from chassis.logs import told
from chassis.mongo import Collection, Document, Mongo, Tx, Unavailable
from chassis.positions import Positions
from contracts.codec import UndecodableError
from contracts.topics import force_of

log = structlog.get_logger()
COLLECTION: Final = "parked"
DISCARDED: Final = "discarded"
EVERY_SECONDS: Final = 5.0
LIMIT: Final = 1_000
"""Past this many, something is wrong with the consumer and not with the events: a partition that meets one more stops."""
RELEASE: Final = version("roundtable")
_OURS: Final = ("contracts", "chassis", "notifications", "readmodel")
_MOST_FIELDS: Final = 5
_UUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ENVELOPE: Final[Mapping[str, tuple[str, str]]] = {
    "id": ("ce_id", _UUID),
    "type": ("ce_type", r"engagement\.[a-z-]{1,60}\.v[0-9]{1,3}"),
    "subject": ("ce_subject", _UUID),
    "sequence": ("ce_sequence", r"[0-9]{10}"),
    "time": ("ce_time", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"),
    "traceparent": ("ce_traceparent", r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
}
"""The attributes that are told of an event, their headers, and the form without which one is not repeated: it might be anything."""


class TooManyParked(Exception):  # noqa: N818 - said to the operator
    """So many events are parked that a partition stops rather than park everything."""


@dataclass(frozen=True)
class ParkedEvents:
    """The parked events of a service, or of one build of its model: each in the one collection, told apart by the build.

    Attributes:
        build: which build of a model they are missing from; None for the first, and where there are none.
    """

    mongo: Mongo
    database: str
    build: int | None = None

    @classmethod
    def beside(cls, positions: Positions) -> Self:
        """Those that belong to some positions."""
        return cls(positions.mongo, positions.database, positions.build)

    @property
    def stored(self) -> Collection:
        """The parked events of every build."""
        return self.mongo.collection(self.database, COLLECTION)

    @property
    def own(self) -> Document:
        """Which of them are of this build."""
        return {"build": self.build}

    def named(self, ids: Iterable[str]) -> Document:
        """Which of them have these ids, as an operator names them."""
        return {"_id": {"$in": [key_in(self.build, each) for each in ids]}}

    async def prepare(self) -> None:
        """Make sure of the collections and of the index of what is asked for."""
        for name in (COLLECTION, DISCARDED):
            await self.mongo.ensure_collection(self.database, name)
        await self.stored.create_index([("wish.at", 1)], name="asked", sparse=True)

    async def park(self, partition: TopicPartition, record: Any, why: Exception, tx: Tx) -> None:  # noqa: ANN401 - aiokafka has no types
        """Keep a record that could not be handled; what it holds is sealed as it was on the log. One that is parked already stays as it is.

        Raises:
            TooManyParked: the limit is reached.
        """
        if await self.stored.count(self.own, tx=tx) >= LIMIT:
            message = f"{LIMIT} events are parked, and no more will be: `roundtable parked list` shows why; redrive or discard them"
            raise TooManyParked(message)
        key = {"_id": key_in(self.build, parked_id(partition, record))}
        await self.stored.update_one(key, {"$setOnInsert": _kept(partition, record, why) | self.own}, upsert=True, tx=tx)

    async def ids(self, where: Document | None = None, tx: Tx | None = None) -> set[str]:
        """Which events of this build are parked, as an operator names them."""
        return {without_build(each["_id"]) for each in await self.stored.find(self.own | (where or {}), projection={"_id": 1}, tx=tx)}

    async def given_up(self, where: Document) -> set[str]:
        """Which events an operator discarded: for good, in whatever is built or read again."""
        found = await self.mongo.collection(self.database, DISCARDED).find(where, projection={"parked": 1})
        return {each["parked"] for each in found}

    async def watch(self) -> None:
        """Show how many events are parked until the service stops: an operator may redrive or discard them at any time."""
        while True:
            try:
                metrics.parked_events.set(await self.stored.count(self.own))
            except Unavailable as error:
                log.info("parked_not_counted", why=str(error)[:200])
            await asyncio.sleep(EVERY_SECONDS)


def _kept(partition: TopicPartition, record: Any, why: Exception) -> Document:  # noqa: ANN401 - aiokafka has no types
    return {
        "force": force_of(partition.topic),
        "topic": partition.topic,
        "partition": partition.partition,
        "offset": record.offset,
        "logged_at": datetime.fromtimestamp(max(record.timestamp or 0, 0) / 1000, UTC),
        "key": _binary(record.key),
        "value": _binary(record.value),
        "headers": [{"name": name, "value": _binary(value)} for name, value in record.headers],
        "event": envelope(record.headers),
        **explained(why),
        "attempts": 0,
        "parked_at": datetime.now(UTC),
    }


def parked_id(partition: TopicPartition, record: Any) -> str:  # noqa: ANN401 - aiokafka has no types
    """Where a record stands, and a digest of it: in a topic that was made anew, another one may stand there."""
    content = [record.key, record.value, *(part for header in record.headers for part in header)]
    digest = hashlib.sha256(repr(content).encode()).hexdigest()[:8]
    return f"{partition.topic}:{partition.partition}:{record.offset}:{digest}"


def envelope(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """The attributes of an event that can be read and have their form, however little the rest of the record is one."""
    given = {name: (value or b"").decode("ascii", "replace") for name, value in headers}
    return {name: given[header] for name, (header, form) in _ENVELOPE.items() if re.fullmatch(form, given.get(header, ""))}


def explained(error: Exception) -> Document:
    """Why an event could not be handled, for machines and in words that repeat nothing of what it holds."""
    return {"reason": _reason(error), "error": type(error).__name__, "why": _in_words(error), "release": RELEASE}


def _reason(error: Exception) -> str:
    if isinstance(error, UndecodableError):
        return "undecodable"
    return "unknown" if isinstance(error, UnknownEventError) else "failed"


def _in_words(error: Exception) -> str:
    if isinstance(error, UndecodableError | UnknownEventError):
        return str(error)
    fields = f" of {', '.join(_fields(error))}" if isinstance(error, ValidationError) else ""
    own = [frame for frame in extract_tb(error.__traceback__) if _module(frame.filename)]
    place = f" at {_module(own[-1].filename)}:{own[-1].lineno} in {own[-1].name}" if own else ""
    return f"{told(error)}{fields}{place}"


def _fields(error: ValidationError) -> list[str]:
    """The names of our own fields that are wrong: what else stands there was sent."""
    names = [
        str(each["loc"][0]) if each["loc"] else "" for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return [name for name in dict.fromkeys(names) if re.fullmatch(r"[a-z_]{1,40}", name)][:_MOST_FIELDS]


def _module(filename: str) -> str | None:
    """A file of ours, from its package on; None for a file of a library."""
    parts = filename.split("/")
    own = [number for number, part in enumerate(parts) if part in _OURS]
    return "/".join(parts[own[-1] :]) if own and "site-packages" not in parts else None


def _binary(value: bytes | None) -> Binary | None:
    return None if value is None else Binary(value)
