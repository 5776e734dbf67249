"""The AsyncAPI document names every event once, and its references lead somewhere."""

from typing import Any

from contracts.asyncapi import FILE, asyncapi
from contracts.event import EVENTS
from contracts.forces import FORCES
from contracts.generated import HERE, drift
from contracts.topics import topic

DOCUMENT = asyncapi()


def references(node: Any) -> list[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node["$ref"]] if isinstance(node, dict) and "$ref" in node else []
    return own + [reference for value in inner for reference in references(value)]


def test_the_file_agrees_with_the_code() -> None:
    assert drift(HERE, {FILE: DOCUMENT}) == []


def test_every_event_is_a_message_of_the_one_channel() -> None:
    channel = DOCUMENT["channels"]["engagement"]

    assert channel["address"].format(force="kent") == topic("kent")
    assert channel["parameters"]["force"]["enum"] == sorted(FORCES)
    assert sorted(message["name"] for message in DOCUMENT["components"]["messages"].values()) == sorted(EVENTS)
    assert channel["messages"].keys() == DOCUMENT["components"]["messages"].keys()


def test_each_message_is_sent_by_the_one_service_that_owns_it() -> None:
    sent = [reference["$ref"].rsplit("/", 1)[1] for operation in DOCUMENT["operations"].values() for reference in operation["messages"]]

    assert sorted(sent) == sorted(DOCUMENT["components"]["messages"])
    assert DOCUMENT["operations"].keys() == {"meetings", "concerns"}


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        if reference.startswith("./"):
            assert (HERE / reference).is_file()
            continue
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
