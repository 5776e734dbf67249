"""W3C trace context: taken from a request or made here, and with the work until it is done."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

TRACEPARENT: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
_FORM: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header: neither id may be all zeros."""


def made() -> str:
    """A new trace context."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def taken(header: str | None) -> str:
    """The trace context that a caller sent, or a new one when that is absent or not valid."""
    return header if header is not None and _FORM.fullmatch(header) else made()


def trace_id() -> str | None:
    """The trace that the work under way belongs to."""
    traceparent = TRACEPARENT.get()
    return None if traceparent is None else traceparent.split("-")[1]


@contextmanager
def tracing(traceparent: str | None) -> Iterator[str]:
    """Do work within a trace: what is logged carries its id."""
    chosen = taken(traceparent)
    token = TRACEPARENT.set(chosen)
    try:
        yield chosen
    finally:
        TRACEPARENT.reset(token)
