"""How Kafka is spoken to: every setting whose default would lose or repeat events is set here, and every wait is bounded."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaError, SaslAuthenticationFailed

from chassis.fetching import HURRIED_MILLISECONDS, PatientConsumer
from chassis.health import Unready
from chassis.mongo import SignInRefused, Unavailable
from chassis.settings import Settings
from chassis.waits import within
from contracts.codec import Message, decode

log = structlog.get_logger()
LARGEST_RECORD: Final = 4 * 1024 * 1024
"""Bytes of the largest record: above what the limits on entry let any state grow to."""
HELD_READY: Final = 80 * 1024 * 1024
"""Bytes that a client holds ready of all its partitions together; each has its share, within these bounds."""
LARGEST_FETCH: Final = 4 * 1024 * 1024
"""Bytes of one fetch: while it is taken apart, it is there twice."""
LEAST_SHARE, LARGEST_SHARE = 128 * 1024, 2 * 1024 * 1024
REQUEST_SECONDS: Final = 10.0
READ_SECONDS: Final = 5.0
TURN_SECONDS: Final = 10.0
"""How long a reader of the log waits for those who asked before."""
SESSION_SECONDS: Final = 30.0
REBALANCE_SECONDS: Final = 6.0
"""How long a group waits for members to join again: less than the request that waits for it may take, or nobody would ever join a group
of which one member is gone without leave."""
STOP_SECONDS: Final = 5.0
_OF_CLIENTS_ALONE: Final = frozenset({"bootstrap_servers", "metadata_max_age_ms"})
"""What a client is told and a single connection is not."""


def connection(settings: Settings) -> dict[str, Any]:
    """Where the brokers are, and as whom a client speaks to them."""
    shared: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
        "request_timeout_ms": int(REQUEST_SECONDS * 1000),
        "metadata_max_age_ms": 60_000,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        shared["sasl_mechanism"] = "SCRAM-SHA-512"
        shared["sasl_plain_username"] = settings.kafka_username
        shared["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    if settings.kafka_security_protocol.endswith("SSL"):
        shared["ssl_context"] = ssl.create_default_context()
    return shared


def producer(settings: Settings) -> AIOKafkaProducer:
    """A producer whose acknowledgement means: every in-sync replica has it, once, in order."""
    return AIOKafkaProducer(
        **connection(settings), acks="all", enable_idempotence=True, linger_ms=0, max_request_size=LARGEST_RECORD, max_batch_size=262_144
    )


def consumer(
    settings: Settings, group: str | None = None, partitions: int = 1, kind: type[AIOKafkaConsumer] = PatientConsumer
) -> AIOKafkaConsumer:
    """A consumer that starts nowhere by itself: its owner seeks. Without a group it is assigned by hand.

    Args:
        settings: of the service.
        group: the consumer group.
        partitions: how many it reads at the same time, roughly.
        kind: what waits for new events; a plain one for a reader that goes from place to place, and would wait for the fetch of its last.
    """
    return kind(
        **connection(settings),
        group_id=group,
        # A member that comes back under its name takes its partitions up at once, instead of after the session's end.
        group_instance_id=settings.instance or None if group else None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        session_timeout_ms=int(SESSION_SECONDS * 1000),
        heartbeat_interval_ms=3_000,
        rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000),
        max_poll_interval_ms=300_000,
        fetch_max_bytes=LARGEST_FETCH,
        # A record that is larger than a share comes alone (KIP-74).
        max_partition_fetch_bytes=min(LARGEST_SHARE, max(LEAST_SHARE, HELD_READY // max(1, partitions))),
        fetch_max_wait_ms=HURRIED_MILLISECONDS,
    )


async def stop(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop a client; one that hangs is left behind."""
    try:
        await within(STOP_SECONDS, client.stop())
    except (TimeoutError, KafkaError) as error:
        log.warning("kafka_client_left_behind", client=type(client).__name__, why=type(error).__name__)


async def log_range(client: AIOKafkaConsumer, partition: TopicPartition) -> tuple[int | None, int | None]:
    """Where the log of a partition begins and ends; None where Kafka does not tell."""
    try:
        start = await within(READ_SECONDS, client.beginning_offsets([partition]))
        end = await within(READ_SECONDS, client.end_offsets([partition]))
    except (KafkaError, TimeoutError):
        return None, None
    return start[partition], end[partition]


async def reachable(settings: Settings) -> None:
    """Return when a broker answers and accepts the credentials.

    Raises:
        Unready: none does.
    """
    client = AIOKafkaClient(**connection(settings) | {"request_timeout_ms": 1_000})
    try:
        await within(1.0, client.bootstrap())
    except (KafkaError, TimeoutError, OSError) as error:
        message = f"no broker of {settings.kafka_bootstrap_servers} answers: {type(error).__name__}"
        raise Unready(message) from error
    finally:
        with suppress(TimeoutError):
            await within(STOP_SECONDS, client.close())


async def sign_in(settings: Settings) -> None:
    """Return when the first broker that answers accepts the user and password.

    Raises:
        SignInRefused: it does not.
        Unready: no broker answers.
    """
    for broker in settings.kafka_bootstrap_servers.split(","):
        host, _, port = broker.rpartition(":")
        shared = {name: value for name, value in connection(settings).items() if name not in _OF_CLIENTS_ALONE}
        try:
            (await within(REQUEST_SECONDS * 2, create_conn(host, int(port), **shared))).close()
        except (AuthenticationFailedError, SaslAuthenticationFailed) as error:
            raise SignInRefused(engine="kafka") from error
        except (KafkaError, TimeoutError, OSError):
            continue
        return
    message = f"no broker of {settings.kafka_bootstrap_servers} answers"
    raise Unready(message)


class LogUnavailable(Unavailable):
    """The log of events does not answer."""


class LogReader:
    """Reads events of the log at known places, for those who ask for events as they are stored."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def read(self, places: Sequence[tuple[str, int, int]]) -> list[Message]:
        """The events at `(topic, partition, offset)`, in the order asked for.

        Raises:
            LogUnavailable: the log did not answer in time.
            UndecodableError: what stands there is not an event.
        """
        if not places:
            return []
        async with self._turn():
            try:
                async with asyncio.timeout(READ_SECONDS):
                    found = await self._fetch(await self._started(), set(places))
            except (KafkaError, TimeoutError, OSError) as error:
                # A client that lost its broker may stay stuck: the next reader makes a new one.
                await self.close()
                message = "the log of events does not answer"
                raise LogUnavailable(message) from error
        return [found[place] for place in places]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until nobody else reads, but not for everyone that asked before."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._lock.acquire()
        except TimeoutError as error:
            message = "the log of events has too many readers"
            raise LogUnavailable(message) from error
        try:
            yield
        finally:
            self._lock.release()

    async def close(self) -> None:
        """Let the connection go."""
        if self._consumer is not None:
            await stop(self._consumer)
            self._consumer = None

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = consumer(self._settings, kind=AIOKafkaConsumer)
            await within(READ_SECONDS, self._consumer.start())
        return self._consumer

    async def _fetch(self, client: AIOKafkaConsumer, wanted: set[tuple[str, int, int]]) -> dict[tuple[str, int, int], Message]:
        found: dict[tuple[str, int, int], Message] = {}
        client.assign(sorted({TopicPartition(topic, partition) for topic, partition, _ in wanted}))
        while missing := wanted - found.keys():
            for partition in client.assignment():
                offsets = [offset for topic, number, offset in missing if (topic, number) == partition]
                if offsets:
                    client.seek(partition, min(offsets))
                else:
                    client.pause(partition)
            for partition, records in (await client.getmany(timeout_ms=1_000)).items():
                for record in records:
                    place = (partition.topic, partition.partition, record.offset)
                    if place in missing:
                        found[place] = decode(record.value, record.key, record.headers)
        return found
