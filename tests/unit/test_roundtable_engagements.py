"""The file of engagements, and the demonstration data in it."""

from pathlib import Path

import pytest

from contracts import vocabulary
from contracts.forces import FORCES
from contracts.screening import personal_data
from roundtable.demonstration import DATA, forces_of
from roundtable.errors import OperatorError
from roundtable.loading import Engagement, read_engagements

FILE = """
engagements:
  - force: kent
    kind: iag
    title: Advisory group
"""


@pytest.fixture
def demonstration() -> tuple[Engagement, ...]:
    return read_engagements(DATA)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "engagements.yaml"
    file.write_text(text)
    return file


def test_a_file_holds_engagements(tmp_path: Path) -> None:
    (engagement,) = read_engagements(written(tmp_path, FILE))

    assert (engagement.force, engagement.kind, engagement.title, engagement.held_on) == ("kent", "iag", "Advisory group", None)


@pytest.mark.parametrize(
    ("addition", "complaint"),
    [
        ("    minuets: none", "engagements/0/minuets: Extra inputs are not permitted"),
        ("    commitments: [{owner_role: Inspector, commitment: to call, answers: [drugs]}]", "refers to what it does not name: drugs"),
        ("    feedback: [{organisation: The mosque, gist: good}]", "refers to what it does not name: The mosque"),
        ("    visiting_guidance: [shoes off]", "exactly one must be named"),
        ("    held_on: 2025-05-06", "engagements/0/held_on: Input should be a valid string"),
        ("  kent: [", "cannot be read"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path: Path, addition: str, complaint: str) -> None:
    with pytest.raises(OperatorError, match=complaint):
        read_engagements(written(tmp_path, FILE + addition))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nowhere\.yaml cannot be read"):
        read_engagements(tmp_path / "nowhere.yaml")


def test_the_demonstration_is_of_two_forces(demonstration: tuple[Engagement, ...]) -> None:
    assert forces_of(demonstration) == ["northamptonshire", "west-yorkshire"]
    assert set(forces_of(demonstration)) <= FORCES.keys()


def test_the_codes_of_the_demonstration_are_known(demonstration: tuple[Engagement, ...]) -> None:
    concerns = [concern for engagement in demonstration for concern in engagement.concerns]
    organisations = [each for engagement in demonstration for each in engagement.attendance.organisations]

    assert {engagement.kind for engagement in demonstration} <= set(vocabulary.MeetingKind)
    assert {concern.category for concern in concerns} <= set(vocabulary.Category)
    assert {each.kind for each in organisations} <= set(vocabulary.OrganisationKind)
    assert {each.strand for each in organisations} <= set(vocabulary.Strand)


def test_the_demonstration_publishes_one_outcome_and_the_concern_that_it_answers(demonstration: tuple[Engagement, ...]) -> None:
    concerns = [concern for engagement in demonstration for concern in engagement.concerns if concern.published]
    outcomes = [outcome for engagement in demonstration for outcome in engagement.outcomes if outcome.published]

    assert [concern.category for concern in concerns] == ["officer-conduct-confidence"]
    assert [outcome.answers for outcome in outcomes] == [("officer-conduct-confidence",)]


def test_published_words_are_not_the_sealed_ones(demonstration: tuple[Engagement, ...]) -> None:
    sealed = {words for engagement in demonstration for words in sealed_words(engagement)}
    published = " ".join(words for engagement in demonstration for words in published_words(engagement))

    assert published
    assert not [words for words in sealed if words.lower() in published.lower()]


def sealed_words(engagement: Engagement) -> list[str]:
    said = [concern.you_said for concern in engagement.concerns if concern.you_said]
    promised = [commitment.commitment for commitment in engagement.commitments] + [outcome.we_did for outcome in engagement.outcomes]
    return said + promised + [feedback.gist for feedback in engagement.feedback]


def published_words(engagement: Engagement) -> list[str]:
    parts = [concern.published for concern in engagement.concerns] + [outcome.published for outcome in engagement.outcomes]
    return [words for part in parts if part for words in part.values()]


def test_the_demonstration_holds_no_personal_data() -> None:
    assert personal_data(DATA.read_text()) == ()
