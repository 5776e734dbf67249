"""A visit: one admitted request, who makes it, in which force, and what its headers ask for."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import Headers

from chassis.principal import Principal, Role
from chassis.problems import Refusal
from chassis.runtime import Runtime

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Visit:
    """One admitted request.

    Attributes:
        force: the force in the path, for which the principal holds one of the route's roles; None where the path names none.
        target: method and path; what an idempotency key counts for.
        traceparent: the trace that the request belongs to.
        body: the bytes that were sent.
        recorded_before: what finds out whether the request was recorded before, by whoever keeps its receipt; each raises if it was.
    """

    runtime: Runtime
    principal: Principal
    force: str | None
    target: str
    traceparent: str
    body: bytes
    headers: Headers
    recorded_before: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """Who asks."""
        return self.principal.subject

    @property
    def roles(self) -> frozenset[Role]:
        """The principal's roles in the force of the path."""
        return frozenset() if self.force is None else self.roles_in(self.force)

    def roles_in(self, force: str) -> frozenset[Role]:
        """The principal's roles in a force now."""
        return self.runtime.registry.roles(self.principal, force)

    def forces(self, *roles: Role) -> list[str]:
        """The forces in which the principal has one of these roles now."""
        return self.runtime.registry.granted(self.principal, roles)

    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key`, if one was sent; 400 when it is none."""
        key = self._one("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise Refusal(400, "bad-idempotency-key", "An Idempotency-Key is 1 to 255 visible ASCII characters, sent once")
        return key

    def check_version(self, version: int) -> None:
        """Refuse a change of a record that is at another version than the caller saw (RFC 9110, section 13.1.1).

        `*` is content with any version, a list of tags with any of those; a weak tag matches nothing.

        Raises:
            Refusal: 428 without `If-Match`, 412 when no tag of it is that of the record.
        """
        sent = self._one("if-match")
        if sent is None:
            raise Refusal(428, "if-match-required", 'Send If-Match with the ETag of the version that you saw, such as "3"')
        if sent != "*" and f'"{version}"' not in [tag.strip() for tag in sent.split(",")]:
            detail = f"The record is at version {version}: read it again, then decide again"
            raise Refusal(412, "stale-version", detail, headers={"ETag": f'"{version}"'})

    def _one(self, header: str) -> str | None:
        sent = self.headers.getlist(header)
        return ", ".join(sent).strip() if sent else None


async def visiting(request: Request) -> Visit:
    """The visit that the route has admitted. It is a coroutine, as every dependency is: FastAPI would give a function a thread."""
    visit: Visit = request.state.visit
    return visit


Visiting = Annotated[Visit, Depends(visiting)]
"""`async def close(…, visit: Visiting)`."""
