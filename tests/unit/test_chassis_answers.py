"""What leaves the service: by role, with version and place, and the same again for a repeated request."""

import httpx2
import pytest
from fastapi import APIRouter
from uuid_utils import uuid7

from chassis.admission import admits
from chassis.answers import may_open, shown
from chassis.principal import Role
from chassis.runtime import Runtime
from contracts.concern import Concern
from tests.unit.leaflets import FACTS, HERE, PATH, THERE, Issuer, Shelf

FRAME_OF_A_SENSITIVE_RECORD = {"id", "force", "version", "sensitive", "status", "recorded_late"}


@pytest.fixture
def recorder(issuer: Issuer) -> dict[str, str]:
    return issuer.bearer({HERE: ["recorder"]})


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def leaflet(**fields: object) -> Concern:
    return Concern(id=str(uuid7()), force=HERE, version=3, **(FACTS | fields))


async def test_what_was_created_says_its_version_and_where_it_is(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    answer = await door.post(PATH, headers=recorder, json=FACTS)
    created = answer.json()["id"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/forces/{HERE}/concerns/{created}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["X-Roundtable-Version"] == f"{created}@1"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_replay_has_the_first_status_and_version_and_the_state_of_now(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    answer = await door.post(PATH, headers=recorder | {"Idempotency-Key": "used"}, json=FACTS)

    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert answer.headers["X-Roundtable-Version"] == f"{answer.json()['id']}@1"
    assert answer.headers["Location"].endswith(answer.json()["id"])
    assert answer.json()["priority"] == "high"


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 256])
async def test_an_idempotency_key_that_is_none_is_refused(door: httpx2.AsyncClient, recorder: dict[str, str], key: str) -> None:
    answer = await door.post(PATH, headers=[*_raw(recorder), (b"Idempotency-Key", key.encode())], json=FACTS)

    assert answer.status_code == 400


async def test_two_idempotency_keys_are_none(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    sent = [*recorder.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    assert (await door.post(PATH, headers=sent, json=FACTS)).status_code == 400


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (None, 428),
        ('"1"', 200),
        ('"2"', 412),
        ('W/"1"', 412),
        ("1", 412),
        ('"01"', 412),
        ('"abc"', 412),
        ("*", 200),
        ('"1", "2"', 200),
        ('"2","1"', 200),
        ('W/"1", "2"', 412),
        ("", 412),
    ],
)
async def test_a_change_names_the_version_that_it_is_based_on(
    door: httpx2.AsyncClient, recorder: dict[str, str], tag: str | None, status: int
) -> None:
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]
    headers = recorder | ({"If-Match": tag} if tag is not None else {})

    answer = await door.patch(f"{PATH}/{created}", headers=headers, json={"priority": "high"})

    assert answer.status_code == status


async def test_a_merge_patch_may_say_that_it_is_one(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]
    sent = recorder | {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}

    answer = await door.patch(f"{PATH}/{created}", headers=sent, content='{"locality": "Bar Hill"}')

    assert (answer.status_code, answer.headers["ETag"], answer.json()["locality"]) == (200, '"2"', "Bar Hill")


@pytest.mark.parametrize("role", ["publisher", "subscriber", "operator", "controller"])
async def test_who_may_not_read_sees_what_is_clear(door: httpx2.AsyncClient, issuer: Issuer, runtime: Runtime, role: str) -> None:
    there = leaflet()
    runtime.kept(Shelf)[there.id] = there

    seen = (await door.get(f"{PATH}/{there.id}", headers=issuer.bearer({HERE: [role]}))).json()

    assert seen["category"] == "burglary"
    assert "said" not in seen
    assert not {"sealed", "_id"} & seen.keys()


@pytest.mark.parametrize(
    ("role", "ordinary", "sensitive"),
    [("reader", True, False), ("recorder", True, False), ("sensitive_reader", True, True), ("controller", False, False)],
)
def test_which_role_opens_which_record(role: str, *, ordinary: bool, sensitive: bool) -> None:
    roles = frozenset({Role(role)})

    assert may_open(roles, sensitive=False) is ordinary
    assert may_open(roles, sensitive=True) is sensitive


def test_of_a_sensitive_record_most_see_the_frame_alone() -> None:
    seen = shown(leaflet(sensitive=True), frozenset({Role.READER, Role.RECORDER}))

    assert seen.keys() >= FRAME_OF_A_SENSITIVE_RECORD
    assert not {"category", "said", "priority", "locality", "strand"} & seen.keys()
    assert seen["sensitive"] is True


def test_of_an_erased_record_everyone_sees_the_stub() -> None:
    gone = leaflet(erased_at="2026-11-02T10:00:00Z")

    assert shown(gone, frozenset(Role)).keys() == {"id", "force", "version", "erased_at", "last_event"}


async def test_a_list_is_shown_by_role_too(door: httpx2.AsyncClient, issuer: Issuer, runtime: Runtime) -> None:
    for there in (leaflet(), leaflet(sensitive=True)):
        runtime.kept(Shelf)[there.id] = there

    ordinary, sensitive = (await door.get(PATH, headers=issuer.bearer({HERE: ["reader"], THERE: ["sensitive_reader"]}))).json()["items"]

    assert ordinary["said"] == FACTS["said"]
    assert "category" not in sensitive


def test_an_endpoint_whose_answer_could_not_be_judged_is_no_route() -> None:
    router = APIRouter(route_class=admits(Role.READER))

    def unjudged() -> Concern:
        return leaflet()

    with pytest.raises(TypeError, match="async def"):
        router.get("/unjudged")(unjudged)


async def test_states_in_a_bare_list_do_not_leave(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    answer = await door.get("/v1/unjudged", headers=issuer.bearer({HERE: ["operator"]}))

    assert answer.status_code == 500
    assert "Sheds" not in answer.text


async def test_a_change_that_met_another_is_tried_again(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    created = (await door.post(PATH, headers=recorder, json=FACTS)).json()["id"]

    assert (await door.post(f"{PATH}/{created}/contended?needs=3", headers=recorder)).status_code == 200
    busy = await door.post(f"{PATH}/{created}/contended?needs=99", headers=recorder)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")
