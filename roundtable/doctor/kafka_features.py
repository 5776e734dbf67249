"""Asks a broker which level its metadata is at. Kafka answers this before a client signs in; the clients ask, and do not tell."""

import socket
import ssl
from io import BytesIO
from pathlib import Path
from typing import Final

from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Schema, String, TaggedFields

_API_VERSIONS, _VERSION = 18, 3
_SUPPORTED, _FINALIZED = 0, 2
_METADATA: Final = "metadata.version"
_TEXT: Final = CompactString("utf-8")
_REQUEST: Final = Schema(
    ("api", Int16),
    ("version", Int16),
    ("correlation", Int32),
    ("client", String("utf-8")),
    ("header", TaggedFields),
    ("software", _TEXT),
    ("release", _TEXT),
    ("body", TaggedFields),
)
_APIS: Final = CompactArray(("api", Int16), ("min", Int16), ("max", Int16), ("tags", TaggedFields))
_ANSWER: Final = Schema(("correlation", Int32), ("error", Int16), ("apis", _APIS), ("throttle", Int32), ("tags", TaggedFields))
_FEATURES: Final = CompactArray(("name", _TEXT), ("first", Int16), ("second", Int16), ("tags", TaggedFields))


def metadata_level(host: str, port: int, seconds: float, ca: Path | None = None) -> tuple[int, int]:
    """The level that the cluster's metadata is at, and the highest that this broker could write.

    Args:
        host: of the broker.
        port: of the broker.
        seconds: how long it may take to answer.
        ca: whose signature its certificate bears, where it speaks TLS.

    Raises:
        OSError: the broker does not answer.
        LookupError: it does not say.
    """
    with _connected(host, port, seconds, ca) as connection:
        request = _REQUEST.encode((_API_VERSIONS, _VERSION, 1, "roundtable", {}, "roundtable-doctor", "1", {}))
        connection.sendall(len(request).to_bytes(4, "big") + request)
        with connection.makefile("rb") as answers:
            size = int.from_bytes(answers.read(4), "big")
            return levels_in(answers.read(size))


def _connected(host: str, port: int, seconds: float, ca: Path | None) -> socket.socket:
    connection = socket.create_connection((host, port), seconds)
    if ca is None:
        return connection
    return ssl.create_default_context(cafile=ca).wrap_socket(connection, server_hostname=host)


def levels_in(answer: bytes) -> tuple[int, int]:
    """Both levels from the bytes of an answer; raises LookupError when it names none."""
    tags = _ANSWER.decode(BytesIO(answer))[-1]
    # What is supported stands as lowest and highest, what is in force as highest and lowest.
    highest = {name: second for name, _, second, _ in _features(tags, _SUPPORTED)}
    level = {name: first for name, first, _, _ in _features(tags, _FINALIZED)}
    return level[_METADATA], highest[_METADATA]


def _features(tags: dict[int, bytes], tag: int) -> list[tuple[str, int, int, object]]:
    found: list[tuple[str, int, int, object]] = _FEATURES.decode(BytesIO(tags[tag])) if tag in tags else []
    return found
