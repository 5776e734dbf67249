"""What leaves the service about a state: opened for those who may read it, redacted for everyone else with a grant."""

import json
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import structlog
from fastapi import Response
from pydantic import BaseModel, ConfigDict

from chassis.principal import Role
from chassis.visit import Visit
from contracts.sealing import erased, redact
from contracts.state import State

log = structlog.get_logger()
OPENING: Final = frozenset({Role.READER, Role.RECORDER, Role.SENSITIVE_READER})
CREATED: Final = 201
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A page of a list, and the cursor of the next one."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    items: tuple[T, ...] = ()
    next: str | None = None


class Replayed(Exception):  # noqa: N818 - a signal: this very request was answered before
    """The request repeats one that was recorded: it gets the first status and version, and the state as it is now."""

    def __init__(self, state: State, status: int, version: int) -> None:
        super().__init__(state.id)
        self.state = state
        self.status = status
        self.version = version


def may_open(roles: frozenset[Role], *, sensitive: bool) -> bool:
    """Whether these roles read what is sealed in a record."""
    return Role.SENSITIVE_READER in roles if sensitive else not OPENING.isdisjoint(roles)


def shown(state: State, roles: frozenset[Role]) -> dict[str, Any]:
    """A state as JSON, as much of it as these roles may see."""
    if state.erased_at is not None:
        return erased(state)
    opened = state.opened()
    if may_open(roles, sensitive=state.sensitive):
        return opened
    hidden = state.sealed_names()
    return redact(type(state), {name: value for name, value in opened.items() if name not in hidden}, sensitive=state.sensitive)


def answer(state: State, visit: Visit, status: int = 200, *, version: int | None = None) -> Response:
    """The answer that is one state.

    Args:
        state: the state as it is now.
        visit: who asks.
        status: 201 adds the `Location`.
        version: the version that the request made, when the state has gone on since.
    """
    _note(state, visit)
    headers = {"ETag": etag(state.version), "X-Roundtable-Version": f"{state.id}@{version or state.version}"}
    if status == CREATED:
        headers["Location"] = state.path
    return respond(shown(state, visit.roles_in(state.force)), status, headers)


def replay(replayed: Replayed, visit: Visit) -> Response:
    """The answer to a request that was answered before."""
    answered = answer(replayed.state, visit, replayed.status, version=replayed.version)
    answered.headers["Idempotent-Replayed"] = "true"
    return answered


def page(listed: Page[Any], visit: Visit) -> Response:
    """The answer that is a page; what on it is a state is shown as the visitor may see it."""
    for item in listed.items:
        if isinstance(item, State):
            _note(item, visit)
    return respond({"items": [_item(item, visit) for item in listed.items], "next": listed.next}, 200, {})


def respond(content: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    """A JSON answer that no cache may keep."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, {"Cache-Control": "no-store", **headers}, "application/json")


def etag(version: int) -> str:
    """The entity tag of a version (RFC 9110, section 8.8.3)."""
    return f'"{version}"'


def _item(item: Any, visit: Visit) -> Any:  # noqa: ANN401 - whatever a list is of
    if isinstance(item, State):
        return shown(item, visit.roles_in(item.force))
    return item.model_dump(mode="json") if isinstance(item, BaseModel) else item


def _note(state: State, visit: Visit) -> None:
    if state.sensitive and may_open(visit.roles_in(state.force), sensitive=True):
        note_sensitive_read(visit.subject, state.collection, state.force, state.id, state.version)


def note_sensitive_read(subject: str, collection: str, force: str, record: str, version: int) -> None:
    """Who reads something sensitive is logged: who, when and what, and none of its words."""
    log.info("sensitive_record_read", subject=subject, collection=collection, force=force, id=record, version=version)


def note_lowered(subject: str, state: State) -> None:
    """Who opens to others what was sensitive is logged like who reads it."""
    log.info("sensitivity_lowered", subject=subject, collection=state.collection, force=state.force, id=state.id, version=state.version)
