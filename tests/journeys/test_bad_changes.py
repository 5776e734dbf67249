"""Changes that the rules, the version or the idempotency key refuse: the record stays as it was."""

import secrets
import threading
from typing import Any

import httpx2
import pytest

from tests.journeys.conftest import EVERY_ROLE, created
from tests.journeys.refusing import ACTION, CLOSING, CONCERN, HELD, NOBODY, PLANNED, Corner, Record, at_a_corner

corner = pytest.fixture(scope="module")(at_a_corner)
AT_ONCE = 6


def path_of(record: Record) -> str:
    kind = record["last_event"]["type"].removeprefix("engagement.").split("-")[0]
    return f"/{kind}s/{record['id']}"


def changed(corner: Corner, record: Record, operation: str, body: Record) -> Record:
    return corner.changed(f"{path_of(record)}/{operation}", record, body)


def refused(corner: Corner, record: Record, operation: str, body: Record) -> tuple[Any, ...]:
    return corner.refused(f"{path_of(record)}/{operation}", body, version=record["version"])


def test_what_is_closed_is_not_closed_again(corner: Corner) -> None:
    concern = changed(corner, corner.made("/concerns", CONCERN), "close", CLOSING)
    action = changed(corner, corner.made("/actions", ACTION), "close", {"outcome": "completed"})

    assert refused(corner, concern, "close", CLOSING) == (409, "already-closed", None)
    assert refused(corner, action, "close", {"outcome": "completed"}) == (409, "already-closed", None)


def test_a_cancelled_meeting_is_not_held_and_a_held_one_not_cancelled(corner: Corner) -> None:
    cancelled = changed(corner, corner.made("/meetings", PLANNED), "cancel", {"reason": "The hall was flooded"})
    held = corner.made("/meetings", HELD)

    assert refused(corner, cancelled, "hold", {"held_on": "2025-05-06"}) == (409, "already-cancelled", None)
    assert refused(corner, held, "cancel", {"reason": "The hall was flooded"}) == (409, "already-held", None)


def test_an_action_answers_no_concern_of_another_force_and_none_that_does_not_exist(corner: Corner) -> None:
    theirs = created(corner.strangers["concerns"].post(f"/v1/forces/{corner.other}/concerns", json=CONCERN))["id"]
    ours = corner.made("/concerns", CONCERN)["id"]

    answers = [corner.refused("/actions", ACTION | {"answers": [ours, other]}) for other in (theirs, NOBODY)]

    assert answers == [(422, "no_such_concern", "#/answers/1")] * 2
    action = corner.made("/actions", ACTION)
    amended = corner.refused(path_of(action), {"answers": [theirs]}, method="PATCH", version=1)
    assert amended == (422, "no_such_concern", "#/answers/0")


def test_nothing_sensitive_is_published(corner: Corner) -> None:
    concern = corner.made("/concerns", CONCERN | {"sensitive": True})
    action = corner.made("/actions", ACTION | {"answers": [concern["id"]]})

    assert refused(corner, concern, "publish", {"you_said": "You told us of dealing"}) == (409, "sensitive", None)
    assert refused(corner, action, "publish", {"we_promised": "We walk on Fridays"}) == (409, "sensitive", None)


@pytest.mark.parametrize("collection", ["concerns", "actions", "meetings", "organisations"])
def test_a_change_names_the_version_that_it_is_based_on(corner: Corner, collection: str) -> None:
    facts = {"concerns": CONCERN, "actions": ACTION, "meetings": HELD, "organisations": {"name": "A mosque"}}[collection]
    words = {"concerns": "locality", "actions": "commitment", "meetings": "title", "organisations": "name"}[collection]
    record = corner.made(f"/{collection}", facts)
    path, change = f"/{collection}/{record['id']}", {words: "Somewhere else"}
    assert corner.ask("PATCH", path, json={words: "Elsewhere"}, version=1).status_code == 200

    assert corner.refused(path, change, method="PATCH", version=1) == (412, "stale-version", None)
    assert corner.refused(path, change, method="PATCH", version=3) == (412, "stale-version", None)
    assert corner.refused(path, change, method="PATCH") == (428, "if-match-required", None)
    assert corner.refused(path, change, method="PATCH", headers={"If-Match": 'W/"2"'}).status == 412
    assert corner.refused(path, change, method="PATCH", headers={"If-Match": '"1", "3"'}).status == 412
    assert corner.ask("PATCH", path, json=change, headers={"If-Match": '"1", "2"'}).status_code == 200
    assert corner.ask("PATCH", path, json=change, headers={"If-Match": "*"}).status_code == 200


def test_a_stale_version_is_told_before_the_rules_are_and_the_body_before_the_version(corner: Corner) -> None:
    concern = changed(corner, corner.made("/concerns", CONCERN), "close", CLOSING)
    path = f"{path_of(concern)}/close"

    assert corner.refused(path, CLOSING, version=1) == (412, "stale-version", None)
    assert corner.refused(path, CLOSING | {"resolution": "forgotten"}) == (422, "unknown_code", "#/resolution")
    assert corner.refused(path, CLOSING) == (428, "if-match-required", None)


def test_an_idempotency_key_is_used_for_one_body(corner: Corner) -> None:
    key = secrets.token_hex(8)
    first = created(corner.ask("POST", "/concerns", json=CONCERN, key=key))

    assert corner.refused("/concerns", CONCERN | {"locality": "Kettering"}, key=key) == (422, "idempotency-key-reused", None)
    with corner.nothing_stored():
        again = corner.ask("POST", "/concerns", json=CONCERN, key=key)
    assert created(again)["id"] == first["id"]
    assert corner.refused("/concerns", CONCERN, key="not a key").status == 400


@pytest.mark.parametrize(("path", "body"), [("/concerns", CONCERN), ("/meetings", HELD), ("/subscriptions", None)])
def test_one_key_used_several_times_at_once_makes_one_record(corner: Corner, path: str, body: Record | None) -> None:
    body = body or {"url": "http://127.0.0.1:9/hook", "types": ["engagement.meeting-due-soon.v1"]}
    service, key = {"/meetings": "meetings", "/concerns": "concerns"}.get(path, "notifications"), secrets.token_hex(8)
    before = corner.stored()
    answers = at_once(corner, service, path, body, key)

    assert {answer.status_code for answer in answers} <= {201, 409}
    records = [created(answer) for answer in answers if answer.status_code == 201]
    assert len({record["id"] for record in records}) == 1
    assert ["Idempotent-Replayed" in answer.headers for answer in answers if answer.status_code == 201].count(False) == 1
    new = [name for _, name, _, _ in corner.stored() - before]
    assert new.count(path.removeprefix("/")) == 1
    assert new.count("outbox") == (path != "/subscriptions")


def at_once(corner: Corner, service: str, path: str, body: Record, key: str) -> list[httpx2.Response]:
    """The answers to one request that is sent several times at once, each time over a connection of its own."""
    together, answers = threading.Barrier(AT_ONCE), list[httpx2.Response]()

    def send() -> None:
        with corner.product.client(service, f"{corner.force}:{EVERY_ROLE}") as client:
            client.get("/health/live")
            together.wait(10)
            answers.append(client.post(f"/v1/forces/{corner.force}{path}", json=body, headers={"Idempotency-Key": key}))

    threads = [threading.Thread(target=send) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == AT_ONCE
    return answers
