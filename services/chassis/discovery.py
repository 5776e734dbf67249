"""OpenID Connect Discovery 1.0: what an issuer publishes of itself under `/.well-known/openid-configuration`."""

import json
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

FETCH_SECONDS: Final = 3.0
_LARGEST: Final = 256 * 1024
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def is_confidential(address: str) -> bool:
    """Whether nobody on the way can answer in the place of an address: https, or this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))


async def fetched(client: httpx2.AsyncClient, address: str) -> bytes:
    """What an address answers, which redirects nowhere and is no larger than 256 KiB.

    Raises:
        httpx2.HTTPError: it does not answer, or answers with another status than 200.
        ValueError: it answers with more than that.
    """
    async with client.stream("GET", address) as answer:
        if answer.status_code != httpx2.codes.OK:
            message = f"answered with status {answer.status_code}"
            raise httpx2.HTTPStatusError(message, request=answer.request, response=answer)
        text = b""
        async for part in answer.aiter_bytes():
            text += part
            if len(text) > _LARGEST:
                message = "answered with more than 256 KiB"
                raise ValueError(message)
    return text


async def metadata(client: httpx2.AsyncClient, issuer: str) -> dict[str, Any]:
    """What an issuer publishes of itself.

    Raises:
        httpx2.HTTPError: it does not answer.
        ValueError: the document is not this issuer's (section 4.3), or sends its readers where others could answer.
    """
    document = json.loads(await fetched(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        message = "the discovery document names another issuer"
        raise ValueError(message)
    return document


def endpoint(document: dict[str, Any], name: str) -> str:
    """An address that a discovery document names.

    Raises:
        ValueError: it names none, or one that is not confidential.
    """
    address = document.get(name)
    if not isinstance(address, str) or not is_confidential(address):
        message = f"the discovery document names no https address as {name}"
        raise ValueError(message)
    return address
