"""Checks of the product, each taken out by itself: with any of them gone, the property must find what leaks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest

import chassis.answers
import readmodel.listing
import readmodel.opening
from chassis.admission import AdmittedRoute
from chassis.principal import EVERY_FORCE, Principal, Role
from chassis.problems import Refusal
from chassis.registry import Registry
from contracts.codec import Message
from contracts.state import State
from notifications.delivery import Delivery
from notifications.outgoing import Outgoing
from notifications.session import Session
from readmodel.access import Reader
from readmodel.filters import Filters
from readmodel.store import Store
from readmodel.views import events, records

Hole = Callable[[pytest.MonkeyPatch], None]


def lists_of_every_force(patch: pytest.MonkeyPatch) -> None:
    """A list is not narrowed to the forces that are granted."""

    def everywhere(forces: Sequence[str], filters: Filters) -> list[dict[str, Any]]:
        del forces, filters
        return [{"force": {"$gt": ""}}]

    patch.setattr(readmodel.listing, "_scopes", everywhere)


def records_of_every_force(patch: pytest.MonkeyPatch) -> None:
    """Whoever knows an id finds the record, and the pages show it."""
    of = Reader.of.__func__  # type: ignore[attr-defined]  # the function of a class method

    def everywhere(cls: type[Reader], registry: Registry, principal: Principal) -> Reader:
        known: Reader = of(cls, registry, principal)
        return cls(known.subject, {force: known.roles_in(force) or frozenset({Role.SUBSCRIBER}) for force in registry.forces})

    patch.setattr(Reader, "of", classmethod(everywhere))


def opened_to_everyone(patch: pytest.MonkeyPatch) -> None:
    """The read model opens what is sealed for whoever has a grant."""
    patch.setattr(readmodel.opening, "may_open", _always)


def owners_open_to_everyone(patch: pytest.MonkeyPatch) -> None:
    """So do the owners."""
    patch.setattr(chassis.answers, "may_open", _always)


def owners_admit_everyone(patch: pytest.MonkeyPatch) -> None:
    """The owners' routes ask for a token, and not for a grant."""

    def admit(*_: Any) -> None:
        """Let everyone in."""

    patch.setattr(AdmittedRoute, "_admit", admit)


def older_versions_stay_open(patch: pytest.MonkeyPatch) -> None:
    """Events are shown as they stand in the log, whatever became of their record."""

    def structured(message: Message, current: Any) -> dict[str, Any]:
        del current
        return message.structured(message.data)

    patch.setattr(events, "structured", structured)


def revocations_do_not_count(patch: pytest.MonkeyPatch) -> None:
    """What a token says holds, whatever was revoked since."""

    def roles(_: Registry, principal: Principal, force: str) -> frozenset[Role]:
        none = frozenset[Role]()
        return principal.grants.get(force, none) | principal.grants.get(EVERY_FORCE, none)

    patch.setattr(Registry, "roles", roles)


def deliveries_of_every_force(patch: pytest.MonkeyPatch) -> None:
    """A delivery is looked up by its id, in whatever force it is."""

    async def find(self: Outgoing, force: str, delivery_id: str) -> Delivery | None:
        del force
        found = await self._deliveries.find_one({"_id": delivery_id})
        return None if found is None else Delivery.model_validate(found)

    patch.setattr(Outgoing, "find", find)


def refused_by_name(patch: pytest.MonkeyPatch) -> None:
    """What is not granted is refused otherwise than what is absent."""
    find = records.find

    async def told(store: Store, reader: Reader, model: type[State], subject: str) -> Any:
        found = await find(store, reader, model, subject)
        if found is None and await store.of(model).find({"id": subject}, limit=1):
            raise Refusal(403, "not-granted", "It is there, and not for you")
        return found

    patch.setattr(records, "find", told)


def looked_up_first(patch: pytest.MonkeyPatch) -> None:
    """What is not granted is looked for all the same, and refused then: in the same words, and in more time."""
    find = records.find

    async def slowly(store: Store, reader: Reader, model: type[State], subject: str) -> Any:
        found = await store.of(model).find({"id": subject}, limit=1)
        return await find(store, reader, model, subject) if not found or found[0]["force"] in reader.forces else None

    patch.setattr(records, "find", slowly)


def streams_of_every_force(patch: pytest.MonkeyPatch) -> None:
    """Whoever listens to one force hears all of them."""
    patch.setattr(Session, "_granted", _always)


def category_in_clear(patch: pytest.MonkeyPatch) -> None:
    """What a sensitive concern is about is stored in clear, where filters and figures see it."""
    sealed = State.sealed_names

    def names(self: State) -> frozenset[str]:
        return sealed(self) - {"category"}

    patch.setattr(State, "sealed_names", names)


def _always(*_: Any, **__: Any) -> bool:
    return True


HOLES: Final[Mapping[Hole, str]] = {
    lists_of_every_force: "list",
    records_of_every_force: "page",
    opened_to_everyone: "record",
    owners_open_to_everyone: "owner's record",
    owners_admit_everyone: "owner's record",
    older_versions_stay_open: "events",
    revocations_do_not_count: "list",
    deliveries_of_every_force: "deliveries",
    refused_by_name: "record",
    looked_up_first: "record",
}
"""Each hole, and the family of questions that must find it."""
