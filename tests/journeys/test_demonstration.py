"""The three engagements of the demonstration data, from the POST to the chain, the stream and a real webhook receiver."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook
from werkzeug import Request, Response

from roundtable.demonstration import DATA, load_once
from tests.journeys.conftest import Product, Reachable, created, wait_until
from tests.journeys.listening import Listener

FORCES = ("northamptonshire", "west-yorkshire")
NAMED = {f"engagement.{name}.v1" for name in ("meeting-held", "concern-raised", "action-closed")}
MOSQUES = "Round table with leaders of mosques"
CHURCHES = "Round table with leaders of black churches"
VISIT = "Neighbourhood team's visit to the Al-Hikam Institute"


@dataclass
class Told:
    """What a subscriber has heard by webhook, each body verified by the Standard Webhooks library as it came in."""

    secrets: dict[str, str] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def receive(self, request: Request) -> Response:
        """Verify and keep."""
        force = request.path.removeprefix("/")
        self.bodies.append(Webhook(self.secrets[force]).verify(request.data, dict(request.headers)))
        self.ids.append(request.headers["webhook-id"])
        return Response(status=204)


@dataclass
class Demonstration:
    """What there was to see when the demonstration data was loaded."""

    product: Reachable
    told: Told
    listener: Listener

    def chain(self, title: str, *grants: str) -> dict[str, Any]:
        """The chain of the meeting of that title, to a reader with these grants."""
        force = grants[0].split(":")[0]
        with self.product.client("readmodel", *grants) as reader:
            found = reader.get("/v1/meetings", params={"force": force, "limit": 200}).json()["items"]
            (meeting,) = [each for each in found if each.get("title") == title]
            chain: dict[str, Any] = reader.get(f"/v1/meetings/{meeting['id']}/chain").json()
        return chain


@pytest.fixture(scope="module")
def demonstration(product: Product) -> Iterator[Demonstration]:
    """The data, loaded while a stream and a webhook receiver listen."""
    told = Told()
    with HTTPServer(host="127.0.0.1") as receiver, Listener(product, tuple(f"{force}:subscriber" for force in FORCES), FORCES) as listener:
        for force in FORCES:
            receiver.expect_request(f"/{force}", method="POST").respond_with_handler(told.receive)
            told.secrets[force] = subscribe(product, force, receiver.url_for(f"/{force}"))
        urls = {name: service.url for name, service in product.services.items()}
        load_once(product.engines.home, urls, DATA, lambda _: None)
        wait_until(lambda: held(listener, "meeting-held") == 3 and held(listener, "action-closed") == 1)
        wait_until(lambda: len(told.bodies) >= 17)
        yield Demonstration(product, told, listener)


def subscribe(product: Reachable, force: str, url: str) -> str:
    with product.client("notifications", f"{force}:subscriber", subject=f"dashboard-{force}") as client:
        wish = {"channel": "webhook", "url": url, "types": sorted(NAMED)}
        return str(created(client.post(f"/v1/forces/{force}/subscriptions", json=wish))["secret"])


def held(listener: Listener, name: str) -> int:
    return sum(event.type == f"engagement.{name}.v1" for event in listener.heard)


def categories(chain: dict[str, Any]) -> list[str]:
    return sorted(concern.get("category", "sealed") for concern in chain["concerns"])


def test_the_chain_holds_who_came_and_what_was_raised_promised_and_thought(demonstration: Demonstration) -> None:
    chain = demonstration.chain(MOSQUES, "northamptonshire:reader")

    assert chain["meeting"]["held_on"] == "2025-05-06"
    assert chain["attendance"]["organisations_total"] == 11
    assert chain["attendance"]["named"] == 2
    assert chain["meeting"]["attendance_note"] == "leaders of 11 mosques"
    assert {each["name"] for each in chain["organisations"]} == {"Northamptonshire Council of Mosques", "Kettering Muslim Association"}
    assert len(chain["concerns"]) == 8
    assert "better channels to senior police leaders are needed" in {concern.get("said") for concern in chain["concerns"]}
    assert len(chain["actions"]) == 4
    assert "open to meet any faith or community group across the county" in {action["commitment"] for action in chain["actions"]}
    assert len(chain["actions_without_concern"]) == 1
    assert len(chain["feedback"]) == 2
    assert "a good meeting" in " ".join(each["gist"] for each in chain["feedback"])


def test_the_sensitive_concern_is_redacted_or_opened_by_role(demonstration: Demonstration) -> None:
    redacted = demonstration.chain(MOSQUES, "northamptonshire:reader")
    opened = demonstration.chain(MOSQUES, "northamptonshire:sensitive_reader")

    assert "community-tension" not in categories(redacted)
    assert categories(redacted).count("sealed") == 1
    assert "community-tension" in categories(opened)
    assert "sealed" not in categories(opened)


def test_a_reader_of_another_force_finds_no_trace_of_the_meeting(demonstration: Demonstration) -> None:
    meeting = demonstration.chain(MOSQUES, "northamptonshire:reader")["meeting"]["id"]

    with demonstration.product.client("readmodel", "west-yorkshire:reader,sensitive_reader") as stranger:
        hidden = stranger.get(f"/v1/meetings/{meeting}/chain")
        absent = stranger.get("/v1/meetings/0192f0c0-0000-7000-8000-000000000000/chain")
        assert stranger.get("/v1/meetings", params={"force": "northamptonshire"}).status_code == 403
        assert {each["force"] for each in stranger.get("/v1/meetings").json()["items"]} == {"west-yorkshire"}
    assert hidden.status_code == absent.status_code == 404
    assert {k: v for k, v in hidden.json().items() if k != "instance"} == {k: v for k, v in absent.json().items() if k != "instance"}


def test_a_month_without_a_day_and_a_meeting_without_a_date_stay_as_they_are_known(demonstration: Demonstration) -> None:
    churches = demonstration.chain(CHURCHES, "northamptonshire:reader")["meeting"]
    visit = demonstration.chain(VISIT, "west-yorkshire:reader")["meeting"]

    assert (churches["held_on"], churches["held_from"], churches["held_to"]) == ("2025-03", "2025-03-01", "2025-03-31")
    assert (visit["held_on"], visit["held_from"], visit["held_to"]) == (None, None, None)


def test_the_visit_ends_in_an_outcome_that_the_public_may_read(demonstration: Demonstration) -> None:
    chain = demonstration.chain(VISIT, "west-yorkshire:reader")

    (outcome,) = chain["outcomes"]
    assert outcome["outcome"] == "completed"
    assert len(chain["concerns"]) == 6
    with demonstration.product.client("readmodel") as anyone:
        page = anyone.get("/", params={"force": "west-yorkshire"}).text
    published = {words for each in chain["publications"] for words in (each.get("you_said"), each.get("we_did")) if words}
    assert len(published) == 2
    assert all(words.split("'")[0] in page for words in published)
    assert "gang lifestyle" not in page


def test_the_stream_and_the_receiver_heard_the_three_events_and_nothing_sealed(demonstration: Demonstration) -> None:
    said = demonstration.chain(MOSQUES, "northamptonshire:reader")["concerns"]
    words = [concern["said"] for concern in said if concern.get("said")]
    heard = json.dumps([event.data for event in demonstration.listener.heard] + demonstration.told.bodies)

    assert {event.type for event in demonstration.listener.heard} >= NAMED
    assert {body["type"] for body in demonstration.told.bodies} == NAMED
    assert all(word not in heard for word in words)
    assert '"sealed"' not in heard
    assert not any(body["data"].get("sensitive") for body in demonstration.told.bodies)
    assert any(event.data["data"].get("sensitive") for event in demonstration.listener.heard)


def deliveries(product: Reachable, force: str) -> list[dict[str, Any]]:
    with product.client("notifications", f"{force}:subscriber", subject=f"dashboard-{force}") as client:
        (subscription,) = client.get(f"/v1/forces/{force}/subscriptions").json()["items"]
        path = f"/v1/forces/{force}/subscriptions/{subscription['id']}/deliveries"
        items: list[dict[str, Any]] = client.get(path, params={"limit": 100}).json()["items"]
    return items


@pytest.mark.parametrize("force", FORCES)
def test_every_delivery_is_told_once_and_on_record(demonstration: Demonstration, force: str) -> None:
    assert len(set(demonstration.told.ids)) == len(demonstration.told.ids)
    wait_until(lambda: {each["status"] for each in deliveries(demonstration.product, force)} == {"delivered"})
    assert {each["id"] for each in deliveries(demonstration.product, force)} <= set(demonstration.told.ids)


def test_a_listener_that_comes_back_hears_what_it_missed_and_nothing_twice(demonstration: Demonstration) -> None:
    events = demonstration.listener.heard
    middle = events[len(events) // 2]
    grants = tuple(f"{force}:subscriber" for force in FORCES)

    with Listener(demonstration.product, grants, FORCES, last_event_id=middle.id) as again:
        wait_until(lambda: len(again.heard) >= len(events) - len(events) // 2 - 1)
        heard = [event.data["id"] for event in again.heard]

    assert set(heard) >= {event.data["id"] for event in events[len(events) // 2 + 1 :]}
    assert len(heard) == len(set(heard))
