"""Who looks at a page: nobody known, or someone with a session and what the registry grants them now."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

from fastapi import Depends, Request

from chassis.mongo import Unavailable
from chassis.principal import Role
from chassis.service import Runtime
from readmodel.access import Reader
from readmodel.dashboard.sessions import COOKIE, Session, Sessions
from readmodel.parts import parts
from readmodel.store import Store

_OFFICES: Final = {
    Role.CONTROLLER: "Controller",
    Role.OPERATOR: "Operator",
    Role.RECORDER: "Recorder",
    Role.PUBLISHER: "Publisher",
    Role.SENSITIVE_READER: "Sensitive reader",
    Role.READER: "Reader",
    Role.SUBSCRIBER: "Subscriber",
}
"""What the header calls a visitor who holds one role; the weightiest first."""


class NotSignedIn(Exception):  # noqa: N818 - a signal that leads to the sign-in page
    """The page is for those who are signed in."""


class NoForce(Exception):  # noqa: N818 - a signal that leads to a page of its own
    """The visitor is signed in, and nothing is granted to them."""


class PageMissing(Exception):  # noqa: N818 - a signal that leads to the page for what is absent or not granted
    """There is no such page, or it is of a force that the visitor has no access to; the answer is the same."""


@dataclass(frozen=True)
class Visitor:
    """Someone who is signed in."""

    session: Session
    runtime: Runtime

    @cached_property
    def store(self) -> Store:
        """Where the views read: for one page, one model."""
        return parts(self.runtime).store

    @cached_property
    def reader(self) -> Reader:
        """The visitor as the views know them, with what is granted now."""
        return Reader.of(self.runtime.registry, self.session.principal)

    @cached_property
    def forces(self) -> dict[str, str]:
        """Registered forces that the visitor may look at now, with their names, by name."""
        names = self.runtime.registry.forces
        return dict(sorted(((force, names[force]) for force in self.reader.forces), key=lambda named: named[1]))

    def must_see(self, force: str) -> None:
        """Return when the force is granted.

        Raises:
            PageMissing: it is not, registered or not.
        """
        if force not in self.reader.forces:
            raise PageMissing

    @property
    def office(self) -> str:
        """How the header calls the visitor: "Reader, 2 forces"."""
        forces = self.forces
        held = frozenset[Role]().union(*(self.reader.roles_in(force) for force in forces))
        where = next(iter(forces.values())) if len(forces) == 1 else f"{len(forces)} forces"
        return f"{next((name for role, name in _OFFICES.items() if role in held), 'Visitor')}, {where}"


async def anyone(request: Request) -> Visitor | None:
    """The visitor, when the request's cookie belongs to a session that is not over; refused if they, or nobody known, ask too often."""
    runtime: Runtime = request.app.state.runtime
    if not runtime.registry.loaded:
        message = "the registry of forces and grants was not read yet"
        raise Unavailable(message)
    session = await Sessions(runtime.mongo).find(request.cookies.get(COOKIE), runtime.now())
    await (runtime.rates.anyone(request) if session is None else runtime.rates.principal(session.principal))
    request.state.visitor = None if session is None else Visitor(session, runtime)
    found: Visitor | None = request.state.visitor
    return found


async def signed_in(visitor: Annotated[Visitor | None, Depends(anyone)]) -> Visitor:
    """The visitor of a page for those who are signed in.

    Raises:
        NotSignedIn: nobody is.
        NoForce: nothing is granted to them.
    """
    if visitor is None:
        raise NotSignedIn
    if not visitor.forces:
        raise NoForce
    return visitor


Anyone = Annotated[Visitor | None, Depends(anyone)]
SignedIn = Annotated[Visitor, Depends(signed_in)]
