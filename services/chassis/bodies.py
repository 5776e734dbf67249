"""The body of a request: received within bounds and read as strict JSON, before anything else looks at it."""

import asyncio
import json
import math
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final

from fastapi import Request

from chassis.problems import FieldError, Refusal, pointer

LARGEST: Final = 256 * 1024
DEEPEST: Final = 32
_SECONDS: Final = 10.0
_DRAINED: Final = 4 * LARGEST
"""How much of a body that is too large is still taken in, so that its sender gets to read the answer."""
_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493, section 2.2)."""
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
Path = tuple[str | int, ...]


class Judged(Request):
    """A request whose body has been received and read already."""

    def __init__(self, request: Request, raw: bytes, read: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._read = read

    async def body(self) -> bytes:
        """The body as it was received."""
        return self._raw

    async def json(self) -> Any:  # noqa: ANN401 - a value of any type
        """The body as it was read."""
        return self._read


async def received(request: Request) -> Request:
    """The same request, its body taken in within bounds, for what reads it in another form than JSON.

    Raises:
        Refusal: as `receive`.
    """
    body = await receive(request)

    async def again() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, again)


async def receive(request: Request) -> bytes:
    """The bytes of the body.

    Raises:
        Refusal: 413 more than 256 KiB, 408 not there in time.
    """
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= LARGEST:
                    kept += chunk
                elif size > _DRAINED:
                    break
    except TimeoutError:
        raise Refusal(408, "body-too-slow", f"The body did not arrive within {_SECONDS:g} seconds") from None
    if size > LARGEST:
        raise Refusal(413, "body-too-large", f"A body is at most {LARGEST // 1024} KiB")
    return bytes(kept)


def read(request: Request, body: bytes, *, wanted: bool) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a body; None of an empty one.

    Args:
        request: says in its headers what the body is.
        body: what was received.
        wanted: whether the operation takes a body.

    Raises:
        Refusal: 415 not JSON, 400 not well-formed, 422 something in it that JSON readers do not agree about.
    """
    if not body:
        return None
    if not wanted and body.strip() != b"{}":
        raise Refusal(422, "no-body-wanted", "This operation takes no body: leave it out")
    _check_type(request)
    value = _parse(body)
    if wrong := [error for _, error in zip(range(100), _wrong(value), strict=False)]:
        raise Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=wrong)
    return value


def _check_type(request: Request) -> None:
    given = ", ".join(request.headers.getlist("content-type"))
    if given == "application/json" and "content-encoding" not in request.headers:
        return
    sent = Message()
    sent["content-type"] = given
    accepted = {"application/json", "application/merge-patch+json"} if request.method == "PATCH" else {"application/json"}
    charset = str(sent.get_param("charset", "utf-8")).lower()
    encoded = request.headers.get("content-encoding", "identity").lower()
    if sent.get_content_type() not in accepted or charset not in {"utf-8", "utf8"} or encoded != "identity":
        detail = f"Send {' or '.join(sorted(accepted))} in UTF-8, not compressed, and say so in Content-Type"
        header = "Accept-Patch" if request.method == "PATCH" else "Accept"
        raise Refusal(415, "not-json", detail, headers={header: ", ".join(sorted(accepted))})


def _parse(body: bytes) -> Any:  # noqa: ANN401 - a value of any type
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_each_once)
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: see line {error.lineno}, column {error.colno}"
        raise Refusal(400, "invalid-json", detail) from None
    except UnicodeDecodeError:
        raise Refusal(400, "invalid-json", "The body is not UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Refusal(400, "invalid-json", f"The body is not JSON that can be relied on: {_reason(error)}") from None


def _reason(error: ValueError) -> str:
    return str(error) if isinstance(error, _UnreliableError) else "a number has too many digits"


class _UnreliableError(ValueError):
    """JSON that readers do not agree about."""


def _no_constant(_: str) -> Any:  # noqa: ANN401 - a value of any type
    message = "NaN and Infinity are not JSON"
    raise _UnreliableError(message)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "an object names a field twice"
        raise _UnreliableError(message)
    return found


def _wrong(value: Any) -> Iterator[FieldError]:  # noqa: ANN401 - a value of any type
    """What JSON allows and stores or readers do not, wherever it stands; without recursion."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if len(path) > DEEPEST:
            raise _too_deep()
        if isinstance(each, dict):
            yield from (_half(*path, key) for key in each if not _unicode(key))
            waiting.extend(((*path, key), inner) for key, inner in each.items())
        elif isinstance(each, list):
            waiting.extend(((*path, index), inner) for index, inner in enumerate(each))
        elif error := _wrong_leaf(path, each):
            yield error


def _wrong_leaf(path: Path, leaf: Any) -> FieldError | None:  # noqa: ANN401 - a value of any type
    if isinstance(leaf, str):
        return None if _unicode(leaf) else _half(*path)
    if isinstance(leaf, float) and not math.isfinite(leaf):
        return FieldError(pointer(*path), "The number is too large", "out_of_range")
    if isinstance(leaf, int) and abs(leaf) > _SAFE_INTEGER:
        return FieldError(pointer(*path), "The number is too large", "out_of_range")
    return None


def _half(*path: str | int) -> FieldError:
    return FieldError(pointer(*path), "Half of a surrogate pair is not a character", "lone_surrogate")


def _unicode(text: str) -> bool:
    return _LONE_SURROGATE.search(text) is None


def _too_deep() -> Refusal:
    return Refusal(400, "nested-too-deep", f"The body is nested more than {DEEPEST} levels deep")
