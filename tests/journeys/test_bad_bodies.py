"""Bodies that are not what they should be: too large, no JSON, nested for ever, or with text that identifies a person."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.refusing import ACTION, CLOSING, CONCERN, HELD, NOBODY, PLANNED, Corner, Record, at_a_corner

corner = pytest.fixture(scope="module")(at_a_corner)
JSON = {"Content-Type": "application/json"}
TEXT = "<text>"
CONTACTS = {
    "an e-mail address": "write to amina.khan@example.org about it",
    "a phone number": "call 07700 900123 after six",
    "a National Insurance number": "her number is QQ 12 34 56 C",
}
HOME = "they meet at 14 Queen Street, NN16 0AA"
PLACES = frozenset({"#/address", "#/venue/name", "#/venue/address", "#/locations/0/address"})
"""Where a postal address is what is asked for."""
POINT = {"latitude": "52.1", "longitude": "-0.9"}
TEXTS: list[tuple[str, Record]] = [
    ("/organisations", {"name": TEXT}),
    ("/organisations", {"name": "A mosque", "address": TEXT}),
    ("/organisations", {"name": "A mosque", "locality": TEXT}),
    ("/organisations", {"name": "A mosque", "visiting_guidance": ["Take your shoes off", TEXT]}),
    ("/neighbourhoods", {"name": TEXT}),
    ("/neighbourhoods", {"name": "Town", "code": TEXT}),
    ("/neighbourhoods", {"name": "Town", "description": TEXT}),
    ("/neighbourhoods", {"name": "Town", "links": [{"title": TEXT, "url": "https://force.example"}]}),
    ("/neighbourhoods", {"name": "Town", "locations": [{"address": TEXT}]}),
    ("/meetings", PLANNED | {"title": TEXT}),
    ("/meetings", PLANNED | {"purpose": TEXT}),
    ("/meetings", PLANNED | {"series": TEXT}),
    ("/meetings", PLANNED | {"hosts": [TEXT]}),
    ("/meetings", PLANNED | {"venue": {"name": TEXT}}),
    ("/meetings", PLANNED | {"venue": {"address": TEXT}}),
    *(("/meetings", HELD | {name: TEXT}) for name in ("minutes", "notes", "attendance_note")),
    *(("/meetings", HELD | {name: ["Patrols", TEXT]}) for name in ("briefings", "topics", "activities")),
    (f"/meetings/{NOBODY}/hold", {"minutes": TEXT}),
    (f"/meetings/{NOBODY}/postpone", {"reason": TEXT}),
    (f"/meetings/{NOBODY}/cancel", {"reason": TEXT}),
    (f"/meetings/{NOBODY}/feedback", {"gist": TEXT}),
    (f"/meetings/{NOBODY}/feedback", {"gist": "Good", "barriers": [TEXT]}),
    ("/concerns", CONCERN | {"said": TEXT}),
    ("/concerns", CONCERN | {"locality": TEXT}),
    (f"/concerns/{NOBODY}/respond", {"response": TEXT}),
    (f"/concerns/{NOBODY}/progress", {"progress": TEXT}),
    (f"/concerns/{NOBODY}/close", CLOSING | {"reason": TEXT}),
    (f"/concerns/{NOBODY}/close", CLOSING | {"referred_to": TEXT}),
    (f"/concerns/{NOBODY}/reopen", {"reason": TEXT}),
    (f"/concerns/{NOBODY}/publish", {"you_said": TEXT}),
    ("/actions", ACTION | {"owner_role": TEXT}),
    ("/actions", ACTION | {"commitment": TEXT}),
    (f"/actions/{NOBODY}/close", {"outcome": "completed", "outcome_note": TEXT}),
    (f"/actions/{NOBODY}/reopen", {"reason": TEXT}),
    (f"/actions/{NOBODY}/publish", {"we_promised": TEXT}),
    (f"/actions/{NOBODY}/publish", {"we_promised": "Walks", "we_did": TEXT}),
]


def places(body: Any, pointer: str = "#") -> Iterator[str]:
    """Where the text stands."""
    children = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    if body == TEXT:
        yield pointer
    for key, value in children:
        yield from places(value, f"{pointer}/{key}")


def filled(body: Any, text: str) -> Any:
    """The body with a text in its place."""
    if isinstance(body, dict):
        return {key: filled(value, text) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, text) for value in body]
    return text if body == TEXT else body


@pytest.mark.parametrize(("path", "body"), TEXTS, ids=[f"{path}{next(places(body))}" for path, body in TEXTS])
def test_what_identifies_a_person_is_refused_in_every_text(corner: Corner, path: str, body: Record) -> None:
    (pointer,) = places(body)
    for contact in [*CONTACTS.values(), *([] if pointer in PLACES else [HOME])]:
        assert corner.refused(path, filled(body, contact), version=1) == (422, "contact_details", pointer)
    for control in ("\x00", "bell\x07", "right to left \u202e"):
        assert corner.refused(path, filled(body, f"words{control}"), version=1) == (422, "control_characters", pointer)


@pytest.mark.parametrize("contact", CONTACTS.values(), ids=CONTACTS)
def test_what_identifies_a_person_is_refused_in_an_amendment_too(corner: Corner, contact: str) -> None:
    made = {
        f"/concerns/{corner.made('/concerns', CONCERN)['id']}": "said",
        f"/actions/{corner.made('/actions', ACTION)['id']}": "commitment",
        f"/meetings/{corner.made('/meetings', HELD)['id']}": "minutes",
        f"/organisations/{corner.made('/organisations', {'name': 'A mosque'})['id']}": "address",
    }
    for path, field in made.items():
        assert corner.refused(path, {field: contact}, method="PATCH", version=1) == (422, "contact_details", f"#/{field}")


def test_a_body_of_more_than_256_kilobytes_is_refused_however_it_is_sent(corner: Corner) -> None:
    large = b'{"category": "drugs", "said": "' + b"x" * (256 * 1024) + b'"}'
    assert corner.refused("/concerns", content=large, headers=JSON) == (413, "body-too-large", None)
    with corner.nothing_stored():
        streamed = corner.ask("POST", "/concerns", content=iter([large[:1000], large[1000:]]), headers=JSON)
    assert streamed.status_code == 413
    fits = b'{"category": "drugs", "said": "' + b"x" * (200 * 1024) + b'"}'
    assert corner.refused("/concerns", content=fits, headers=JSON) == (422, "too_long", "#/said")


@pytest.mark.parametrize(
    "content",
    [
        b'{"category": "drugs"',
        b"{category: drugs}",
        b"\xff\xfe{}",
        b'{"category": NaN}',
        b'{"category": "drugs", "category": "asb"}',
        b"//",
    ],
)
def test_what_is_not_json_is_refused(corner: Corner, content: bytes) -> None:
    assert corner.refused("/concerns", content=content, headers=JSON) == (400, "invalid-json", None)


@pytest.mark.parametrize("body", [b"[]", b'"drugs"', b"null", b"12", b""])
def test_json_that_is_no_object_is_refused(corner: Corner, body: bytes) -> None:
    with corner.nothing_stored():
        answer = corner.ask("POST", "/concerns", content=body, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_fifty_thousand_nested_brackets_are_refused(corner: Corner) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    objects = b'{"a":' * 40_000 + b"1" + b"}" * 40_000
    for content in (deep, b'{"category": "drugs", "said": ' + deep + b"}", objects):
        assert corner.refused("/concerns", content=content, headers=JSON) == (400, "nested-too-deep", None)
    assert corner.refused("/concerns", content=b"[" * 50_000, headers=JSON).status == 400


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b'{"category": "drugs", "said": "half \\ud83d"}', "#/said"),
        (b'{"category": "drugs", "said": "\\udc4d half"}', "#/said"),
        (b'{"category": "drugs", "related": [{"force": "\\ud800"}]}', "#/related/0/force"),
        (b'{"category": "drugs", "\\ud800": 1}', "#/?"),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(corner: Corner, content: bytes, pointer: str) -> None:
    assert corner.refused("/concerns", content=content, headers=JSON) == (422, "lone_surrogate", pointer)


def test_a_line_break_is_a_control_character_where_there_is_one_line(corner: Corner) -> None:
    assert corner.refused("/meetings", PLANNED | {"title": "Round\ntable"}) == (422, "control_characters", "#/title")
