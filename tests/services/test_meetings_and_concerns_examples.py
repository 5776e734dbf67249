"""The OpenAPI documents of meetings and concerns: each worked example is sent as it is written, and does what it says."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from chassis.documents import operations, worked_example
from chassis.runtime import Runtime
from chassis.service import Service
from concerns.api import examples as of_concerns
from concerns.main import SERVICE as CONCERNS
from meetings.api import examples as of_meetings
from meetings.main import SERVICE as MEETINGS
from tests.conftest import Place
from tests.services.callers import Caller, Record, calling, done

Callers = dict[str, Caller]
ORDER = [
    ("POST /neighbourhoods", of_meetings.NEIGHBOURHOOD_ID),
    ("POST /organisations", of_meetings.ORGANISATION_ID),
    ("POST /organisations", of_meetings.OTHER_ORGANISATION_ID),
    ("POST /meetings", of_meetings.MEETING_ID),
    ("POST /meetings/{meeting_id}/feedback", of_meetings.FEEDBACK_ID),
    ("PATCH /meetings/{meeting_id}/feedback/{feedback_id}", of_meetings.FEEDBACK_ID),
    ("PATCH /neighbourhoods/{neighbourhood_id}", of_meetings.NEIGHBOURHOOD_ID),
    ("PATCH /organisations/{organisation_id}", of_meetings.ORGANISATION_ID),
    ("POST /organisations/{organisation_id}/merge", of_meetings.ORGANISATION_ID),
    ("PATCH /meetings/{meeting_id}", of_meetings.MEETING_ID),
    ("POST /concerns", of_concerns.CONCERN_ID),
    ("PATCH /concerns/{concern_id}", of_concerns.CONCERN_ID),
    ("POST /concerns/{concern_id}/respond", of_concerns.CONCERN_ID),
    ("POST /concerns/{concern_id}/progress", of_concerns.CONCERN_ID),
    ("POST /concerns/{concern_id}/publish", of_concerns.CONCERN_ID),
    ("POST /concerns/{concern_id}/unpublish", of_concerns.CONCERN_ID),
    ("POST /actions", of_concerns.ACTION_ID),
    ("PATCH /actions/{action_id}", of_concerns.ACTION_ID),
    ("POST /actions/{action_id}/publish", of_concerns.ACTION_ID),
    ("POST /actions/{action_id}/unpublish", of_concerns.ACTION_ID),
    ("POST /actions/{action_id}/close", of_concerns.ACTION_ID),
    ("POST /actions/{action_id}/reopen", of_concerns.ACTION_ID),
    ("POST /concerns/{concern_id}/close", of_concerns.CONCERN_ID),
    ("POST /concerns/{concern_id}/reopen", of_concerns.CONCERN_ID),
]
"""Every operation that changes something, in an order in which each can, with the example's id of what it makes or changes."""

IN_PATHS = {
    "{neighbourhood_id}": of_meetings.NEIGHBOURHOOD_ID,
    "{organisation_id}": of_meetings.ORGANISATION_ID,
    "{meeting_id}": of_meetings.MEETING_ID,
    "{feedback_id}": of_meetings.FEEDBACK_ID,
    "{concern_id}": of_concerns.CONCERN_ID,
    "{action_id}": of_concerns.ACTION_ID,
}
"""Which of the examples' ids stands for a parameter of a path."""

PLANNED = [("hold", of_meetings.HOLD), ("postpone", of_meetings.POSTPONE), ("cancel", of_meetings.CANCEL)]
"""What is done to a meeting that is planned; the document's example of a meeting is one that was held."""


@pytest.fixture
async def callers(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as open_for_the_test:
        yield {
            service.name: await open_for_the_test.enter_async_context(
                calling(service, await runtimes(service.name), place, "recorder", "publisher")
            )
            for service in (MEETINGS, CONCERNS)
        }


def documented(service: Service, caller: Caller) -> dict[str, Any]:
    """The worked examples of a service, by method and what follows the force."""
    found = operations(service.app(caller.runtime).openapi())
    return {name.replace("/v1/forces/{force}", ""): worked_example(each) for name, each in found if "{force}" in name}


def with_real_ids(text: str, made: Mapping[str, Record]) -> str:
    """A path or a body of the examples, with the ids of what was made for those of the examples."""
    for parameter, named in IN_PATHS.items():
        text = text.replace(parameter, named)
    for named, record in made.items():
        text = text.replace(named, record["id"])
    return text


async def test_every_worked_example_works_as_it_is_written(callers: Callers) -> None:
    known = {name: example for service in (MEETINGS, CONCERNS) for name, example in documented(service, callers[service.name]).items()}
    made: dict[str, Record] = {}

    for name, subject in ORDER:
        method, path = name.split(" ")
        caller = callers["concerns" if path.startswith(("/concerns", "/actions")) else "meetings"]
        body = None if path.endswith("/unpublish") else json.loads(with_real_ids(json.dumps(known[name]), made))
        call = partial(caller.patch if method == "PATCH" else caller.post, with_real_ids(path, made), body)
        changed = made.get(subject)
        made[subject] = done(await call(version=changed["version"]), 200) if changed else done(await call(), 201)

    writes = {name for name in known if not name.startswith("GET ")}
    assert writes - {name for name, _ in ORDER} == {f"POST /meetings/{{meeting_id}}/{operation}" for operation, _ in PLANNED}


@pytest.mark.parametrize(("operation", "body"), PLANNED, ids=[operation for operation, _ in PLANNED])
async def test_what_is_planned_in_an_example_is_held_put_off_or_cancelled(callers: Callers, operation: str, body: Record) -> None:
    meetings = callers["meetings"]
    town = await meetings.made("/neighbourhoods", of_meetings.REGISTER_NEIGHBOURHOOD)
    planned = await meetings.made("/meetings", of_meetings.SCHEDULE | {"neighbourhood_id": town["id"]})

    changed = await meetings.changed(planned, operation, body)

    assert changed["version"] == 2
    assert documented(MEETINGS, meetings)[f"POST /meetings/{{meeting_id}}/{operation}"] == body


async def test_what_an_example_answers_has_the_fields_of_a_real_answer(callers: Callers) -> None:
    meetings, concerns = callers["meetings"], callers["concerns"]
    organisation = await meetings.made("/organisations", of_meetings.REGISTER_ORGANISATION)
    concern = await concerns.made("/concerns", of_concerns.RAISE)

    assert of_meetings.organisation().keys() == organisation.keys()
    assert of_concerns.concern().keys() == concern.keys()
