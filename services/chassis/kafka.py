"""How Kafka is spoken to: every setting whose default would lose or repeat events is set here, and every wait is bounded."""

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaError, SaslAuthenticationFailed

from chassis.fetching import HURRIED_MILLISECONDS, PatientConsumer
from chassis.health import Unready
from chassis.mongo import SignInRefused
from chassis.settings import Settings
from chassis.waits import within

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
SESSION_SECONDS: Final = 30.0
REBALANCE_SECONDS: Final = 6.0
"""How long a group waits for members to join again: less than the request that waits for it may take, or nobody would ever join a group
of which one member is gone without leave."""
STOP_SECONDS: Final = 5.0
_CLIENTS: Final[WeakKeyDictionary[AIOKafkaClient, Settings]] = WeakKeyDictionary()
"""The clients that live, with what tells their passwords."""
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
        shared["sasl_plain_password"] = settings.password_now("kafka")
    if settings.kafka_security_protocol.endswith("SSL"):
        shared["ssl_context"] = trusted(settings.engines_ca)
    return shared


_CONTEXTS: Final[dict[Path | None, tuple[int, ssl.SSLContext]]] = {}
"""What is trusted by each file of authorities, and when the file was written. Clients keep the context that they were made with, and so
there is one for all of them: what it learns, they know."""


def trusted(authorities: Path | None) -> ssl.SSLContext:
    """What clients speak TLS by, as far as is written now.

    Args:
        authorities: a file of those whose signatures on Kafka's certificates are taken; the system's without one.
    """
    written, context = _CONTEXTS.get(authorities) or (0, ssl.create_default_context(cafile=authorities))
    # A file that is away for a moment, or written by halves, changes nothing.
    with suppress(OSError):
        if authorities and (changed := authorities.stat().st_mtime_ns) != written:
            context.load_verify_locations(cafile=authorities)
            written = changed
    _CONTEXTS[authorities] = written, context
    return context


def producer(settings: Settings) -> AIOKafkaProducer:
    """A producer whose acknowledgement means: every in-sync replica has it, once, in order."""
    made = AIOKafkaProducer(
        **connection(settings), acks="all", enable_idempotence=True, linger_ms=0, max_request_size=LARGEST_RECORD, max_batch_size=262_144
    )
    _CLIENTS[made.client] = settings
    return made


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
    made = kind(
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
    _CLIENTS[made._client] = settings  # noqa: SLF001 - a consumer shows it to nobody
    return made


def show_passwords() -> None:
    """Let every client that lives show the password that counts now, from its next connection on."""
    for client, settings in list(_CLIENTS.items()):
        client._sasl_plain_password = settings.password_now("kafka")  # noqa: SLF001 - a client takes no other one by itself


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
