"""Every answer is what the OpenAPI document says it is, for whoever asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chassis.documents import worked_example
from chassis.runtime import Runtime
from contracts import story
from contracts.examples import tell
from readmodel.main import SERVICE
from tests.conftest import Place
from tests.services.readmodel_world import World, world

PATHS = {
    "/v1/meetings": "/meetings",
    "/v1/concerns": "/concerns",
    "/v1/actions": "/actions",
    "/v1/organisations": "/organisations",
    "/v1/neighbourhoods": "/neighbourhoods",
    "/v1/feedback": "/feedback",
    "/v1/meetings/{meeting_id}": f"/meetings/{story.ROUND_TABLE}",
    "/v1/concerns/{concern_id}": f"/concerns/{story.TENSION}",
    "/v1/actions/{action_id}": f"/actions/{story.OPEN_DOOR}",
    "/v1/organisations/{organisation_id}": f"/organisations/{story.MOSQUES}",
    "/v1/neighbourhoods/{neighbourhood_id}": f"/neighbourhoods/{story.TOWN}",
    "/v1/feedback/{feedback_id}": f"/feedback/{story.THOUGHTS}",
    "/v1/meetings/{meeting_id}/chain": f"/meetings/{story.ROUND_TABLE}/chain",
    "/v1/summary": "/summary",
    "/v1/coverage": "/coverage",
}


@pytest.fixture
async def there(place: Place, runtimes: Callable[[str], Awaitable[Runtime]]) -> AsyncIterator[World]:
    async with world(place, await runtimes("readmodel")) as made:
        for told in tell():
            if told.event.state.erased_at is None:
                state = told.event.model.from_opened(told.event.state.opened() | {"force": place.force})
                await made.tell(type(told.event)(state), at=told.time)
        yield made


def schema_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return {**answer["schema"], "components": document["components"]}


async def test_answers_and_examples_are_what_the_document_says(there: World) -> None:
    document = SERVICE.app(there.runtime).openapi()

    for path, asked in PATHS.items():
        validator = Draft202012Validator(schema_of(document, path))
        validator.validate(worked_example(document["paths"][path]["get"]))
        for role in ("sensitive_reader", "reader", "subscriber"):
            validator.validate(await there.read(asked, role))


async def test_every_read_operation_is_in_the_document_and_refusals_are_problems(there: World) -> None:
    document = SERVICE.app(there.runtime).openapi()

    own = {path for path in document["paths"] if path.startswith("/v1")}
    assert own == {*PATHS, "/v1/events"}
    for path in own:
        assert {"401", "403", "422", "503"} <= document["paths"][path]["get"]["responses"].keys()
