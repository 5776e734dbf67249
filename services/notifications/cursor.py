"""The cursor of a live stream: how far its client has read in each partition that it may read, and nothing about any other."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from aiokafka import TopicPartition

from contracts.sealing import base64url, from_base64url
from contracts.topics import force_of, topic

Places = dict[TopicPartition, int]
"""Offset of the next event of each partition."""
MAC_BYTES: Final = 16
_LONGEST: Final = 16_384


@dataclass(frozen=True)
class Cursor:
    """Where a client was, and when."""

    places: Places
    at: datetime

    @property
    def forces(self) -> frozenset[str]:
        """The forces that it reads."""
        return frozenset(force_of(place.topic) for place in self.places)

    def within(self, forces: frozenset[str]) -> Self:
        """The cursor in some forces alone."""
        return replace(self, places={place: offset for place, offset in self.places.items() if force_of(place.topic) in forces})


class Cursors:
    """Writes cursors, and reads those that were written with the same secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def write(self, cursor: Cursor) -> str:
        """The cursor as text that a client gives back."""
        offsets: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for place, offset in sorted(cursor.places.items()):
            offsets[force_of(place.topic)][str(place.partition)] = offset
        content = json.dumps({"at": int(cursor.at.timestamp()), "next": offsets}, separators=(",", ":")).encode()
        return base64url(self._mac(content) + content)

    def read(self, text: str) -> Cursor | None:
        """A cursor; None when it is none of ours."""
        try:
            packed = from_base64url(text[:_LONGEST])
        except ValueError:
            return None
        mac, content = packed[:MAC_BYTES], packed[MAC_BYTES:]
        return _unpacked(json.loads(content)) if hmac.compare_digest(mac, self._mac(content)) else None

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self._secret, content, hashlib.sha256).digest()[:MAC_BYTES]


def _unpacked(content: Mapping[str, Any]) -> Cursor:
    places = {
        TopicPartition(topic(force), int(partition)): int(offset)
        for force, offsets in content["next"].items()
        for partition, offset in offsets.items()
    }
    return Cursor(places, datetime.fromtimestamp(content["at"], UTC))
