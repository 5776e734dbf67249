"""The webhook channel: an event posted to a URL, signed as Standard Webhooks says (https://www.standardwebhooks.com)."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
from standardwebhooks import Webhook

from notifications.channels.addresses import AddressRefused, NameNotResolved, Reach, Resolver, check_url, host_of
from notifications.delivery import Answer, Delivery
from notifications.domain import UrlRefused

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
_CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
_FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, AddressRefused, NameNotResolved, UrlRefused)
"""What may keep an answer from coming. Its name is all that is told of it."""


class Webhooks:
    """Posts events to receivers that nobody here controls.

    Args:
        resolver: finds the address to connect to.
        reach: what may be reached.
        now: the time; every attempt is signed with it anew.
    """

    def __init__(self, resolver: Resolver, reach: Reach, now: Callable[[], datetime]) -> None:
        self._resolver = resolver
        self._reach = reach
        self._now = now
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            # A connection is to an address. Kept, it would carry the events of another name there, whose certificate nobody asked for.
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            # A proxy of the environment would connect to whatever the name means to it.
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    async def send(self, delivery: Delivery, url: str | None, secret: str) -> Answer:
        """Make one attempt, and tell what came of it. Nothing is kept of the answer's body: it is not read."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                answer = await self._post(delivery, url or "", secret)
        except _FAILURES as error:
            answer = Answer(None, error=type(error).__name__)
        return Answer(answer.status_code, answer.error, answer.retry_after, round((time.monotonic() - began) * 1000))

    async def close(self) -> None:
        """Let every connection go."""
        await self._client.aclose()
        self._resolver.close()

    async def _post(self, delivery: Delivery, text: str, secret: str) -> Answer:
        url = check_url(text, self._reach)
        address = await self._resolver.address_of(url)
        body = json.dumps(delivery.event, ensure_ascii=False, separators=(",", ":"))
        request = self._client.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body.encode(),
            headers={"Host": url.netloc.decode("ascii"), **signed(delivery.id, body, secret, self._now())},
            extensions={"sni_hostname": host_of(url)},
        )
        response = await self._client.send(request, stream=True)
        try:
            return Answer(response.status_code, retry_after=retry_after(response.headers.get("retry-after"), self._now()))
        finally:
            await response.aclose()


def signed(delivery_id: str, body: str, secret: str, now: datetime) -> dict[str, str]:
    """The headers that say what is sent, when, and by whom.

    Args:
        delivery_id: stays the same for every attempt, so that a receiver knows what it has already.
        body: exactly what is sent.
        secret: `whsec_…`
        now: this instant, with an offset.
    """
    at = now.astimezone(UTC)
    return {
        "content-type": _CONTENT_TYPE,
        "user-agent": "Roundtable-Webhooks/1",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery_id, at, body),
    }


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """How long a receiver asks to be left alone (RFC 9110, section 10.2.3): seconds, or a date."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return timedelta(seconds=min(int(header), timedelta(days=1).total_seconds()))
    try:
        at = parsedate_to_datetime(header)
        return max(timedelta(), at - now) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
