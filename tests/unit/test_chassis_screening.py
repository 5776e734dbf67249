"""The header by which a caller vouches for texts: what it lets pass, what is logged and counted of it, and what it never does."""

from typing import Any

import httpx2
import pytest

from chassis import metrics
from contracts.vouching import HEADER
from tests.unit.leaflets import FACTS, HERE, PATH, Issuer
from tests.unit.log_lines import Lines

HELPLINE = "The helpline 0300 123 1212 was never answered"
HOME = "They meet at 14 Queen Street, NN16 0AA"
TOLD = FACTS | {"said": HELPLINE, "locality": HOME}
BOTH = "/said, /locality"


@pytest.fixture
def recorder(issuer: Issuer) -> dict[str, str]:
    return issuer.bearer({HERE: ["recorder"]})


def counted(name: str, kind: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"roundtable_screening_{name}_total", {"kind": kind}) or 0


def overridden(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines.read_all() if line["event"] == "screening_overridden"]


@pytest.mark.parametrize("pointers", ["/said, /locality", "/said,/locality", "#/said , #/locality", "/locality, /said, /nothing"])
async def test_what_a_caller_vouches_for_is_recorded(door: httpx2.AsyncClient, recorder: dict[str, str], pointers: str) -> None:
    answer = await door.post(PATH, headers=recorder | {HEADER: pointers}, json=TOLD)

    assert answer.status_code == 201
    assert (answer.json()["said"], answer.json()["locality"]) == (HELPLINE, HOME)


async def test_the_header_may_stand_several_times(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    headers = [*recorder.items(), (HEADER, "/said"), (HEADER, "/locality")]

    assert (await door.post(PATH, headers=headers, json=TOLD)).status_code == 201


async def test_who_vouched_for_what_is_logged_and_counted_and_the_words_are_not(
    door: httpx2.AsyncClient, recorder: dict[str, str], lines: Lines
) -> None:
    before = [counted("overridden", kind) for kind in ("phone", "home_address", "email")]

    made = await door.post(PATH, headers=recorder | {HEADER: BOTH}, json=TOLD)

    (line,) = overridden(lines)
    assert {name: line[name] for name in ("subject", "force", "operation", "passed", "recorded")} == {
        "subject": "ada",
        "force": HERE,
        "operation": f"POST {PATH}",
        "passed": {"/locality": ["home_address"], "/said": ["phone"]},
        "recorded": f"{made.json()['id']}@1",
    }
    assert not any(words in lines.getvalue() for words in ("Queen", "NN16", "0300", "1212"))
    assert [counted("overridden", kind) for kind in ("phone", "home_address", "email")] == [before[0] + 1, before[1] + 1, before[2]]


async def test_what_is_refused_is_counted_and_nothing_is_said_to_have_passed(
    door: httpx2.AsyncClient, recorder: dict[str, str], lines: Lines
) -> None:
    before = counted("refused", "home_address"), counted("refused", "phone"), counted("overridden", "phone")

    answer = await door.post(PATH, headers=recorder | {HEADER: "/said"}, json=TOLD)

    (error,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["pointer"], error["code"], error["found"]) == ("#/locality", "contact_details", ["home_address"])
    assert overridden(lines) == []
    assert (counted("refused", "home_address"), counted("refused", "phone"), counted("overridden", "phone")) == (before[0] + 1, *before[1:])


async def test_a_refusal_can_be_answered_by_the_pointers_that_it_names(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    refused = await door.post(PATH, headers=recorder, json=TOLD)
    pointers = [error["pointer"] for error in refused.json()["errors"]]

    assert all(HEADER in error["detail"] for error in refused.json()["errors"])
    assert not any(words in refused.text for words in ("Queen", "NN16", "0300", "1212"))
    assert (await door.post(PATH, headers=recorder | {HEADER: ", ".join(pointers)}, json=TOLD)).status_code == 201


async def test_an_amendment_vouches_for_what_it_sends_alone(door: httpx2.AsyncClient, recorder: dict[str, str], lines: Lines) -> None:
    made = (await door.post(PATH, headers=recorder | {HEADER: BOTH}, json=TOLD)).json()
    address, tagged = f"{PATH}/{made['id']}", recorder | {"If-Match": "*"}

    other = await door.patch(address, headers=tagged, json={"priority": "high"})
    refused = await door.patch(address, headers=tagged, json={"said": HOME})
    passed = await door.patch(address, headers=tagged | {HEADER: "/said"}, json={"said": HOME})

    assert [answer.status_code for answer in (other, refused, passed)] == [200, 422, 200]
    assert passed.json()["locality"] == HOME
    assert [line["passed"] for line in overridden(lines)[1:]] == [{"/said": ["home_address"]}]
    assert overridden(lines)[1]["recorded"] == f"{made['id']}@3"


async def test_what_was_let_pass_and_not_recorded_is_logged_without_a_record(
    door: httpx2.AsyncClient, recorder: dict[str, str], lines: Lines
) -> None:
    made = (await door.post(PATH, headers=recorder, json=FACTS)).json()

    answer = await door.patch(f"{PATH}/{made['id']}", headers=recorder | {"If-Match": '"7"', HEADER: "/said"}, json={"said": HOME})

    assert answer.status_code == 412
    assert [(line["passed"], line["recorded"]) for line in overridden(lines)] == [({"/said": ["home_address"]}, None)]


async def test_a_header_that_hides_nothing_is_passed_over(door: httpx2.AsyncClient, recorder: dict[str, str], lines: Lines) -> None:
    answer = await door.post(PATH, headers=recorder | {HEADER: "/said, /category, /nothing/0"}, json=FACTS)

    assert (answer.status_code, overridden(lines)) == (201, [])


@pytest.mark.parametrize(
    "pointers",
    [
        "",
        " ",
        "said",
        "/",
        "/said/",
        "/said /locality",
        "/said,,/locality",
        "/said;/locality",
        "*",
        "/said, jo@example.org",
        "#",
        "/" + "x" * 65,
        "/a" * 17,
        ", ".join(["/said"] * 101),
    ],
)
async def test_a_header_that_cannot_be_read_is_refused_with_what_to_do(
    door: httpx2.AsyncClient, recorder: dict[str, str], pointers: str
) -> None:
    answer = await door.post(PATH, headers=recorder | {HEADER: pointers}, json=FACTS)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:roundtable:problem:bad-not-personal-data"
    assert answer.json()["errors"][0]["parameter"] == HEADER
    assert "/visiting_guidance/0" in answer.json()["detail"]
    assert "example.org" not in answer.text


async def test_who_asks_is_judged_before_what_is_vouched_for(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    stranger = issuer.bearer({HERE: ["reader"]})

    assert (await door.post(PATH, headers={HEADER: "nonsense"}, json=TOLD)).status_code == 401
    assert (await door.post(PATH, headers=stranger | {HEADER: "nonsense"}, json=TOLD)).status_code == 403


async def test_a_word_counts_for_its_own_request_alone(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    assert (await door.post(PATH, headers=recorder | {HEADER: BOTH}, json=TOLD)).status_code == 201
    assert (await door.post(PATH, headers=recorder, json=TOLD)).status_code == 422


async def test_a_control_character_is_never_let_pass(door: httpx2.AsyncClient, recorder: dict[str, str]) -> None:
    answer = await door.post(PATH, headers=recorder | {HEADER: "/said"}, json=FACTS | {"said": f"{HELPLINE}\u202e"})

    assert [error["code"] for error in answer.json()["errors"]] == ["control_characters"]
