"""Loading: what is sent, in which order, and that a second load sends the same requests under the same keys."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from contracts.vouching import HEADER
from roundtable.demonstration import DATA, forces_of, load_once
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.loading import Loader, read_engagements
from roundtable.loading.api import Api
from roundtable.native.engines import silent


class Recorder:
    """Answers every creation, gives the same key the same id, and remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.ids: dict[str, str] = {}
        self.refusals: list[Response] = []

    def answer(self, request: Request) -> Response:
        if self.refusals:
            return self.refusals.pop(0)
        self.sent.append((request.path, json.loads(request.data), dict(request.headers)))
        record_id = self.ids.setdefault(request.headers["Idempotency-Key"], f"record-{len(self.ids)}")
        return Response(json.dumps({"id": record_id}), 201, {"ETag": '"1"', "Content-Type": "application/json"})

    def bodies(self, collection: str) -> list[dict[str, Any]]:
        return [body for path, body, _ in self.sent if path.endswith(f"/{collection}")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def recorder(httpserver: HTTPServer) -> Recorder:
    recorder = Recorder()
    httpserver.expect_request(re.compile("/v1/.*"), method="POST").respond_with_handler(recorder.answer)
    return recorder


@pytest.fixture
def services(httpserver: HTTPServer) -> dict[str, str]:
    base = httpserver.url_for("").rstrip("/")
    return {"meetings": base, "concerns": base}


@pytest.fixture
def api(home: Home, services: dict[str, str]) -> Iterator[Api]:
    with Api(home, services, forces_of(read_engagements(DATA))) as client:
        yield client


def test_places_come_first_then_each_meeting_with_all_that_came_of_it(api: Api, recorder: Recorder) -> None:
    Loader(api, silent).load(read_engagements(DATA))

    order = [path.split("/")[4] for path, _, _ in recorder.sent]
    assert order[:4] == ["organisations", "organisations", "neighbourhoods", "organisations"]
    assert order[4] == "meetings"
    assert {name: len(recorder.bodies(name)) for name in ("meetings", "concerns", "actions", "feedback", "publish")} == {
        "meetings": 3,
        "concerns": 14,
        "actions": 7,
        "feedback": 2,
        "publish": 2,
    }


def test_everything_of_the_past_is_recorded_late(api: Api, recorder: Recorder) -> None:
    Loader(api, silent).load(read_engagements(DATA))

    for collection in ("meetings", "concerns", "actions", "feedback"):
        assert all(body["recorded_late"] for body in recorder.bodies(collection))


def test_dates_are_as_they_are_known(api: Api, recorder: Recorder) -> None:
    Loader(api, silent).load(read_engagements(DATA))

    assert [body.get("held_on") for body in recorder.bodies("meetings")] == ["2025-05-06", "2025-03", None]


def test_an_action_answers_the_concerns_of_its_categories(api: Api, recorder: Recorder) -> None:
    Loader(api, silent).load(read_engagements(DATA))

    closed = next(body for body in recorder.bodies("actions") if body.get("status") == "closed")
    concern = next(path for path, body, _ in recorder.sent if body.get("you_said"))
    assert closed["outcome"] == "completed"
    assert [concern.split("/")[5]] == closed["answers"]


def test_guidance_goes_on_the_organisation(api: Api, recorder: Recorder) -> None:
    Loader(api, silent).load(read_engagements(DATA))

    guided = [body["name"] for body in recorder.bodies("organisations") if body.get("visiting_guidance")]
    assert guided == ["Al-Hikam Institute"]
    assert all("visiting_guidance" not in body for body in recorder.bodies("meetings"))


def test_a_second_load_sends_the_same_requests_under_the_same_keys(home: Home, services: dict[str, str], recorder: Recorder) -> None:
    for _ in range(2):
        with Api(home, services, ["northamptonshire", "west-yorkshire"]) as api:
            Loader(api, silent).load(read_engagements(DATA))

    keys = [headers["Idempotency-Key"] for _, _, headers in recorder.sent]
    half = len(keys) // 2
    assert keys[:half] == keys[half:]
    assert len(set(keys)) == half


def test_a_data_folder_takes_a_file_once(home: Home, services: dict[str, str], recorder: Recorder) -> None:
    assert load_once(home, services, DATA, silent)
    sent = len(recorder.sent)

    assert not load_once(home, services, DATA, silent)
    assert len(recorder.sent) == sent


def test_a_service_that_is_away_is_asked_again(api: Api, recorder: Recorder) -> None:
    recorder.refusals.append(Response("", 503))

    assert api.create("meetings", "/v1/forces/kent/meetings", {"title": "Walk"}) == "record-0"


def test_a_refusal_stops_the_load_and_leaves_no_marker(home: Home, services: dict[str, str], recorder: Recorder) -> None:
    recorder.refusals.append(Response('{"detail": "no such force"}', 403))

    with pytest.raises(OperatorError, match=r"refused with 403.*no such force"):
        load_once(home, services, DATA, silent)

    assert load_once(home, services, DATA, silent)


VOUCHED = """
engagements:
- force: kent
  kind: iag
  title: The group
  venue: {name: Hall}
  purpose: Ring 0300 123 1212
  not_personal_data: [/purpose]
  attendance:
    organisations: [{name: Helpline 0300 123 1212, not_personal_data: [/name]}]
  concerns:
  - {category: drugs, you_said: Nobody answers 0300 123 1212, published: {you_said: Answer it}, not_personal_data: [/said, /you_said]}
  - {category: drugs, you_said: Nobody answers}
  commitments: [{owner_role: Chief Constable, commitment: Answer 0300 123 1212, not_personal_data: [/commitment]}]
"""


def test_a_file_says_of_its_own_texts_that_they_hold_no_personal_data(
    home: Home, services: dict[str, str], recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "file.yaml").write_text(VOUCHED)

    assert load_once(home, services, tmp_path / "file.yaml", silent)

    said = [(path.split("/")[-1], headers.get(HEADER)) for path, _, headers in recorder.sent]
    assert said == [
        ("organisations", "/name"),
        ("meetings", "/purpose"),
        ("concerns", "/said, /you_said"),
        ("publish", "/said, /you_said"),
        ("concerns", None),
        ("actions", "/commitment"),
    ]
    assert not any("not_personal_data" in body for _, body, _ in recorder.sent)


def test_a_text_that_is_refused_can_be_said_to_hold_none_in_the_file(home: Home, services: dict[str, str], recorder: Recorder) -> None:
    recorder.refusals.append(Response(f"name it in {HEADER}", 422))

    with pytest.raises(OperatorError, match=r"not_personal_data.*\[/said\]"):
        load_once(home, services, DATA, silent)
