"""Follows the live stream: a fresh token for each connection, and `Last-Event-ID` to resume without a gap."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import httpx2

from roundtable.errors import OperatorError
from roundtable.grants import Grant
from roundtable.home import Home
from roundtable.identity import OPERATOR, Issuer

_LIFETIME: Final = timedelta(hours=1)
_PAUSE_SECONDS: Final = 1.0
# The stream sends a heartbeat every 15 seconds: a silence twice as long is a dead connection.
_TIMEOUT: Final = httpx2.Timeout(10, read=35)
_SERVER_ERROR: Final = 500


class Tail:
    """One reader of the stream, who knows what it has seen."""

    def __init__(self, home: Home, notifications: str, grants: list[Grant]) -> None:
        """Read the stream of this service with these grants."""
        self._issuer = Issuer(home)
        self._url = f"{notifications}/v1/stream"
        self._grants = grants
        self._last_id = ""
        self._broken = False

    def events(self, force: str | None) -> Iterator[object]:
        """Every event from now on, as CloudEvents JSON; ends only by interruption.

        Raises OperatorError when the service refuses; when it is away, connects again.
        """
        with httpx2.Client(timeout=_TIMEOUT) as client:
            while True:
                try:
                    yield from self._connection(client, force)
                except httpx2.TransportError as failure:
                    self._lament(failure)
                time.sleep(_PAUSE_SECONDS)

    def _connection(self, client: httpx2.Client, force: str | None) -> Iterator[object]:
        query = {"force": force} if force else {}
        with client.stream("GET", self._url, params=query, headers=self._headers()) as answer:
            self._check(answer)
            self._broken = False
            for message in httpx2.EventSource(answer):
                self._last_id = message.id or self._last_id
                if message.data:
                    yield message.json()

    def _headers(self) -> dict[str, str]:
        token = self._issuer.token(OPERATOR, self._grants, _LIFETIME)
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        return headers | ({"Last-Event-ID": self._last_id} if self._last_id else {})

    def _check(self, answer: httpx2.Response) -> None:
        if answer.status_code >= _SERVER_ERROR:
            message = f"the stream answers {answer.status_code}"
            raise httpx2.ReadError(message)
        if not answer.is_success:
            message = f"the stream refuses: {answer.status_code} {answer.read().decode(errors='replace')}"
            raise OperatorError(message)

    def _lament(self, failure: httpx2.TransportError) -> None:
        """Say that the connection broke, once until it is there again."""
        if not self._broken:
            print(f"the stream broke ({failure}): connecting again", file=sys.stderr)  # noqa: T201 - the command's voice
        self._broken = True
