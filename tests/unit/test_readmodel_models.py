"""What the document of models says: names, what stands, what is left over, and how far a build is in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readmodel.model import Ended, Model, Outcome, Phase, Standing, Wanted, belongs_to_a_model
from readmodel.models import _surplus
from roundtable.commands.rebuild import line

NOW = datetime(2025, 5, 6, 18, 30, tzinfo=UTC)
EARLIER = NOW - timedelta(seconds=90)
DOCUMENT: dict[str, Any] = {
    "_id": "live",
    "projection": 1,
    "build": 3,
    "builds": 4,
    "heard": "w",
    "swapped_at": EARLIER,
    "wanted": {"projection": 2, "build": 4, "wish": None, "accepts": True, "phase": "building", "done": 5, "every": 9, "rate": 2.0},
    "ended": {"projection": 1, "build": 3, "outcome": "swapped", "why": "it took a place", "wish": "w", "at": EARLIER},
    "retired": [{"projection": 1, "build": 1, "at": EARLIER}],
}


@pytest.mark.parametrize(
    ("model", "concerns", "later_build"),
    [
        (Model(1), "concerns_p1", None),
        (Model(1, 2), "concerns_p1_b2", 2),
        (Model(2, 13), "concerns_p2_b13", 13),
    ],
)
def test_a_model_names_its_collections_and_the_first_build_as_it_always_did(model: Model, concerns: str, later_build: int | None) -> None:
    assert (model.name_of("concerns"), model.later_build) == (concerns, later_build)


@pytest.mark.parametrize("name", ["concerns_p1", "history_p12_b345"])
def test_what_a_model_names_is_known_as_a_models(name: str) -> None:
    assert belongs_to_a_model(name)


@pytest.mark.parametrize("name", ["models", "parked", "leases", "concerns", "positions_", "concerns_p", "concerns_p1_b", "system.views"])
def test_what_belongs_to_no_model_is_not_taken_for_a_models(name: str) -> None:
    assert not belongs_to_a_model(name)


def test_what_is_left_over_is_what_no_kept_model_names() -> None:
    there = [
        "models",
        "parked",
        "leases",
        "positions",
        "concerns_p1",
        "concerns_p1_b2",
        "history_p1_b3",
        "concerns_p2",
    ]

    assert _surplus(there, [Model(1, 2)]) == {"concerns_p1", "history_p1_b3", "concerns_p2"}
    assert _surplus(there, [Model(1), Model(1, 3), Model(2)]) == {"concerns_p1_b2"}


def test_the_document_is_read_as_what_stands() -> None:
    stands = Standing.of(DOCUMENT, NOW)

    assert stands.live == Model(1, 3)
    assert stands.wanted == Wanted(Model(2, 4), Phase.BUILDING, 5, 9, 2.0, accepts=True)
    assert stands.ended == Ended(Model(1, 3), Outcome.SWAPPED, "it took a place", "w")
    assert (stands.seconds, [(each.model, each.seconds) for each in stands.retired]) == (90, [(Model(1), 90)])


def test_a_document_of_an_earlier_release_says_that_the_first_build_is_live() -> None:
    assert Standing.of({"_id": "live", "projection": 1}, NOW) == Standing(Model(1))


@pytest.mark.parametrize(
    ("projection", "outcome", "gave_up"),
    [(1, Outcome.FAILED, True), (1, Outcome.CANCELLED, True), (1, Outcome.SWAPPED, False), (2, Outcome.FAILED, False)],
)
def test_a_release_whose_build_failed_does_not_try_again_by_itself(projection: int, outcome: Outcome, gave_up: bool) -> None:  # noqa: FBT001 - what is expected
    assert Standing(Model(0), ended=Ended(Model(projection, 2), outcome, "", None)).gave_up(1) is gave_up


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(Model(1, 2)), "waiting: a read model takes up build 2 of projection 1"),
        (Wanted(Model(1, 2), Phase.BUILDING, 0, 9_000), "building: 0 of 9,000 events"),
        (Wanted(Model(1, 2), Phase.BUILDING, 4_000, 9_000, 2_500.0), "building: 4,000 of 9,000 events, 2,500 a second, 2 s left"),
        (Wanted(Model(1, 2), Phase.BUILDING, 0, 900_000, 5_000.0), "building: 0 of 900,000 events, 5,000 a second, 3 min 0 s left"),
        (Wanted(Model(1, 2), Phase.VERIFYING, 9_000, 9_000, 2_500.0), "verifying: 9,000 of 9,000 events"),
    ],
)
def test_how_far_a_build_is_stands_in_one_line(wanted: Wanted, said: str) -> None:
    assert line(wanted) == said
