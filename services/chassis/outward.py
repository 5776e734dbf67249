"""What every answer tells browsers and caches, unless it says something else itself.

An answer of the API is data: nothing in it may run, be framed, be kept, or be fetched by another site's page (OWASP's cheat sheets
on REST security and HTTP headers). Whether others must come by https is for the gateway to say, which speaks it.
"""

from typing import Final

RawHeaders = list[tuple[bytes, bytes]]
_UNLESS_SAID: Final = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


def guard(headers: RawHeaders) -> None:
    """Add to the headers of an answer, whose names are in small letters, what they do not say."""
    said = {name for name, _ in headers}
    headers.extend(each for each in _UNLESS_SAID.items() if each[0] not in said)
