"""Bad requests are each refused with a clear problem, and leave nothing behind: who asks, and what the body is made of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.journeys.refusing import ACTION, CONCERN, HELD, NOBODY, PLANNED, Corner, Record, Refused, at_a_corner, told

corner = pytest.fixture(scope="module")(at_a_corner)
SAID: Record = CONCERN | {"said": "Cars race past the school gate"}
WRITES = [("organisations", {"name": "A mosque"}), ("meetings", PLANNED), ("concerns", SAID), ("actions", ACTION), ("subscriptions", {})]


@pytest.mark.parametrize(("collection", "body"), WRITES)
def test_without_a_token_nothing_else_is_looked_at(corner: Corner, collection: str, body: Record) -> None:
    no_token = {"Authorization": ""}
    assert corner.refused(f"/{collection}", body, headers=no_token) == (401, "unauthenticated", None)
    assert corner.refused(f"/{collection}", content=b'{"said": "half', headers=no_token).status == 401
    assert corner.refused(f"/{collection}/{NOBODY}", method="GET", headers=no_token).status == 401
    assert corner.refused(f"/{collection}", content=b"[" * 300_000, headers=no_token).status == 401


def test_a_token_that_has_run_out_or_was_made_up_is_no_token(corner: Corner) -> None:
    run_out = corner.product.token(f"{corner.force}:recorder", lifetime=timedelta(hours=-1))
    head, payload, _ = corner.product.token(f"{corner.force}:recorder").split(".")
    for token in (run_out, f"{head}.{payload}.", f"{head}.{payload}.{'A' * 86}", "not-a-token"):
        assert corner.refused("/concerns", SAID, headers={"Authorization": f"Bearer {token}"}).status == 401


@pytest.mark.parametrize(("collection", "body"), WRITES)
def test_a_write_to_a_force_without_a_grant_is_answered_alike_whether_it_is_registered_or_not(
    corner: Corner, collection: str, body: Record
) -> None:
    answers = [asked(corner, force, "POST", collection, json=body) for force in (corner.force, "nowhere-at-all")]

    assert [told(answer) for answer in answers] == [Refused(403, "not-granted")] * 2
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("collection", ["organisations", "neighbourhoods", "meetings", "concerns", "actions"])
def test_a_thing_of_a_force_without_a_grant_is_absent_whether_it_exists_or_not(corner: Corner, collection: str) -> None:
    bodies = {"organisations": {"name": "A mosque"}, "neighbourhoods": {"name": "Town"}, "meetings": HELD, "actions": ACTION}
    thing = corner.made(f"/{collection}", bodies.get(collection, CONCERN))["id"]
    answers = [
        asked(corner, corner.force, "GET", f"{collection}/{thing}"),
        asked(corner, corner.force, "GET", f"{collection}/{NOBODY}"),
        asked(corner, "nowhere-at-all", "GET", f"{collection}/{thing}"),
        asked(corner, corner.other, "GET", f"{collection}/{thing}"),
    ]

    assert [told(answer, thing) for answer in answers] == [Refused(404, "not-found")] * 4
    assert len({answer.content for answer in answers}) == 1


def test_a_list_of_a_force_without_a_grant_is_answered_alike_whether_it_is_registered_or_not(corner: Corner) -> None:
    with corner.product.client("readmodel", f"{corner.other}:reader") as reader, corner.nothing_stored():
        answers = [reader.get("/v1/concerns", params={"force": force}) for force in (corner.force, "nowhere-at-all")]
    answers += [asked(corner, force, "GET", "subscriptions") for force in (corner.force, "nowhere-at-all")]

    assert {told(answer, corner.force).status for answer in answers} == {403}
    assert answers[0].content == answers[1].content
    assert answers[2].content == answers[3].content


def asked(corner: Corner, force: str, method: str, path: str, **sent: Any) -> httpx2.Response:
    """What someone is answered who holds every role in another force."""
    service = "notifications" if path == "subscriptions" else "concerns" if path.startswith(("concerns", "actions")) else "meetings"
    with corner.nothing_stored():
        return corner.strangers[service].request(method, f"/v1/forces/{force}/{path}", **sent)


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/concerns", {"category": "witchcraft"}, "#/category"),
        ("/concerns", CONCERN | {"priority": "whenever"}, "#/priority"),
        ("/meetings", PLANNED | {"kind": "picnic-party"}, "#/kind"),
        ("/meetings", PLANNED | {"status": "cancelled"}, "#/status"),
        ("/organisations", {"name": "A mosque", "strand": "strandless"}, "#/strand"),
        (f"/concerns/{NOBODY}/close", {"resolution": "forgotten", "reason": "No", "decided_by": "nobody"}, "#/resolution"),
        ("/subscriptions", {"url": "https://partner.example/hook", "categories": ["witchcraft"]}, "#/categories/0"),
    ],
)
def test_a_code_that_is_not_in_the_vocabulary_is_refused(corner: Corner, path: str, body: Record, pointer: str) -> None:
    assert corner.refused(path, body) == (422, "unknown_code", pointer)


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/concerns", CONCERN | {"surname": "Ashworth"}, "#/surname"),
        ("/concerns", CONCERN | {"version": 12}, "#/version"),
        ("/meetings", PLANNED | {"venue": {"name": "Town hall", "caretaker": "Ashworth"}}, "#/venue/caretaker"),
        ("/meetings", HELD | {"attendance": {"named": [{"organisation_id": NOBODY, "imam": "A"}]}}, "#/attendance/named/0/imam"),
        ("/neighbourhoods", {"name": "Town", "links": [{"title": "T", "url": "https://a.example", "x": 1}]}, "#/links/0/x"),
        ("/subscriptions", {"url": "https://partner.example/hook", "secret": "whsec_chosen"}, "#/secret"),
    ],
)
def test_a_field_that_does_not_exist_is_refused_at_any_depth(corner: Corner, path: str, body: Record, pointer: str) -> None:
    refused = corner.refused(path, body)
    assert (refused.status, refused.pointer) == (422, pointer)


def wrong_dates() -> Iterator[tuple[str, Record, str]]:
    for known in ("06.05.2025", "6 May 2025", "2025-13", "2025-02-30", "2025", "2025-05-06T10:00:00Z", "", 20250506):
        yield "/concerns", CONCERN | {"raised_on": known}, "#/raised_on"
        yield "/meetings", HELD | {"held_on": known}, "#/held_on"
    for day in ("2025-06", "30/06/2025", "2025-06-31"):
        yield "/actions", ACTION | {"standing": False, "due_on": day}, "#/due_on"
    for at in ("2025-07-01", "2025-07-01T19:45:00", "2025-07-01 19:45:00Z", "2025-02-30T18:30:00Z", 1746556200, "tomorrow"):
        yield "/meetings", PLANNED | {"starts_at": at}, "#/starts_at"


@pytest.mark.parametrize(("path", "body", "pointer"), list(wrong_dates()))
def test_a_date_in_the_wrong_form_is_refused(corner: Corner, path: str, body: Record, pointer: str) -> None:
    refused = corner.refused(path, body)
    assert (refused.status, refused.pointer) == (422, pointer)


def test_a_meeting_is_not_held_in_the_future_nor_a_concern_raised_there(corner: Corner) -> None:
    ahead = datetime.now(UTC) + timedelta(days=40)
    planned = corner.made("/meetings", PLANNED)
    for known in (ahead.strftime("%Y-%m-%d"), ahead.strftime("%Y-%m")):
        assert corner.refused("/meetings", HELD | {"held_on": known}) == (422, "in_the_future", "#/held_on")
        assert corner.refused("/concerns", CONCERN | {"raised_on": known}) == (422, "in_the_future", "#/raised_on")
        holding = corner.refused(f"/meetings/{planned['id']}/hold", {"held_on": known}, version=1)
        assert holding == (422, "in_the_future", "#/held_on")


@pytest.mark.parametrize("heads", [-1, 1_000_001, 2.5, "11", True])
def test_a_head_count_is_a_whole_number_of_people(corner: Corner, heads: Any) -> None:
    for attendance, pointer in (
        ({"heads_total": heads}, "#/attendance/heads_total"),
        ({"organisations_total": heads}, "#/attendance/organisations_total"),
        ({"named": [{"organisation_id": NOBODY, "heads": heads}]}, "#/attendance/named/0/heads"),
    ):
        refused = corner.refused("/meetings", HELD | {"attendance": attendance})
        assert (refused.status, refused.pointer) == (422, pointer)
