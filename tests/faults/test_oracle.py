"""The oracle is silent about a world that is well, and speaks of every way in which it was made otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from contracts.concern import Concern
from readmodel.projections import bucket, contribution
from readmodel.tally import field_of
from tests.faults.evidence import Answer, Document, Evidence, Logged, Subscriber
from tests.faults.oracle import differences
from tests.faults.receiver import Got

FORCE, OTHER = "kent", "essex"
RAISED, AMENDED = "engagement.concern-raised.v1", "engagement.concern-amended.v1"


def state(version: int, **facts: Any) -> Document:
    return {
        "id": "one",
        "force": FORCE,
        "version": version,
        "category": "drugs",
        "status": "raised",
        "raised_at": "2025-05-06T18:00:00.000Z",
        "locality": "c0-1",
        **facts,
    }


def event(offset: int, version: int, kind: str, **facts: Any) -> Logged:
    data = state(version, **facts)
    return Logged(0, offset, f"event-{version}", kind, FORCE, "one", version, f"2025-05-06T18:00:0{version}.000Z", data)


def figures(document: Document) -> Document:
    counts = {field_of(figure): number for figure, number in contribution(Concern, document).items()}
    return {"date": bucket(Concern, document), "counts": counts}


def well() -> Evidence:
    """A concern that was raised and amended, and told to one subscriber."""
    log = [event(0, 1, RAISED), event(1, 2, AMENDED, priority="high")]
    newest = log[-1].data
    got = [Got("/everything", f"s:{record.id}", {"forceid": FORCE}) for record in log]
    return Evidence(
        FORCE,
        [Answer("c0-1", "one", 1, 0.0), Answer("c0-1-amend", "one", 2, 0.0)],
        frozenset(),
        log,
        [newest],
        frozenset({"one"}),
        [{"_id": f"{FORCE}:one", **newest}],
        [figures(newest)],
        [{"_id": f"{FORCE}:{record.id}"} for record in log],
        [Subscriber("s", FORCE, "2025-05-06T18:00:00.000Z", (), got), Subscriber("x", OTHER, "2025-05-06T18:00:00.000Z", (), [])],
        [{"subscription_id": "s", "id": f"s:{record.id}", "status": "delivered"} for record in log],
    )


def test_of_a_world_that_is_well_nothing_is_said() -> None:
    assert differences(well()) == []


def test_events_that_came_twice_or_late_are_nothing_to_speak_of() -> None:
    world = well()

    assert differences(replace(world, log=[*world.log, replace(world.log[0], offset=2), Logged(0, 3)])) == []


CORRUPTIONS: Mapping[str, tuple[str, Callable[[Evidence], Evidence]]] = {
    "an event is lost": ("(a) c0-1-amend was answered", lambda world: replace(world, log=world.log[:1])),
    "the read model is behind": ("(a) c0-1-amend was answered", lambda world: replace(world, model=[state(1)])),
    "readers are not shown it": ("(a) one is not in the list", lambda world: replace(world, shown=frozenset())),
    "a request was recorded twice": (
        "(a) c0-1 was asked for once",
        lambda world: replace(world, log=[*world.log, replace(world.log[0], offset=2, subject="two")]),
    ),
    "an event is a ghost": ("(a) version 2 of one is in the log", lambda world: replace(world, answered=world.answered[:1])),
    "the read model has another state": ("(b) one: the log folds", lambda world: replace(world, model=[state(2)])),
    "the read model has too much": (
        "(b) two: the log folds",
        lambda world: replace(world, model=[*world.model, {"id": "two", "version": 1}]),
    ),
    "a figure counts twice": ("(b) the figure", lambda world: replace(world, figures=[*world.figures, *world.figures])),
    "history lacks a line": ("(b) event event-2 has 0 lines", lambda world: replace(world, history=world.history[:1])),
    "history has a line too many": (
        "(b) event event-9 has 1 lines",
        lambda world: replace(world, history=[*world.history, {"_id": "kent:event-9"}]),
    ),
    "a version is left out": ("(c) one: its owner has", lambda world: replace(world, log=[world.log[0], replace(world.log[1], version=3)])),
    "a version overtook another": ("(c) one: its owner has", lambda world: replace(world, log=list(reversed(world.log)))),
    "a version was given twice": (
        "(c) one: two events claim",
        lambda world: replace(world, log=[*world.log, replace(world.log[1], offset=2, id="event-9")]),
    ),
    "the owner is ahead of the log": ("(c) one: its owner has", lambda world: replace(world, owned=[state(3)])),
    "nobody was told": ("(d) event event-2 has 0 deliveries", lambda world: replace(world, deliveries=world.deliveries[:1])),
    "somebody was told twice": (
        "(d) event event-1 has 2 deliveries",
        lambda world: replace(world, deliveries=[*world.deliveries, {**world.deliveries[0], "id": "again:event-1"}]),
    ),
    "a delivery never came": (
        "(d) s:event-1 counts as delivered",
        lambda world: replace(world, subscribers=[replace(world.subscribers[0], got=world.subscribers[0].got[1:]), world.subscribers[1]]),
    ),
    "a stranger was told": (
        "(e) x of essex was sent",
        lambda world: replace(world, subscribers=[world.subscribers[0], replace(world.subscribers[1], got=world.subscribers[0].got)]),
    ),
    "a stranger was shown something": ("(e) a stranger", lambda world: replace(world, leaks=["a stranger is answered at /v1/concerns"])),
    "a topic holds another's event": (
        "(e) the topic of kent",
        lambda world: replace(world, log=[world.log[0], replace(world.log[1], force=OTHER)]),
    ),
    "it did not end in time": ("(f) 3 events wait", lambda world: replace(world, late="3 events wait in the outbox")),
    "a client was never answered": ("(f) c9-9 was never answered", lambda world: replace(world, open_keys=frozenset({"c9-9"}))),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_the_oracle_speaks_when(what: str) -> None:
    says, corrupted = CORRUPTIONS[what]

    assert any(difference.startswith(says) for difference in differences(corrupted(well()))), differences(corrupted(well()))
