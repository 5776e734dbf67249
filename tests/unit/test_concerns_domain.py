"""The rules of a concern, and of the 72 hours within which those who raised it have a first response."""

import pytest
from pydantic import ValidationError

from concerns import domain
from concerns.domain.refusals import (
    AlreadyClosedError,
    DuplicateOfItselfError,
    ErasedError,
    InFutureError,
    NoSuchConcernError,
    NotClosedError,
    NotPublishedError,
    NotSaidYetError,
    SensitiveError,
)
from contracts.concern import Concern, Progressing, YouSaid, YouSaidWords
from contracts.vocabulary import Resolution
from tests.builders import NOW, new_id
from tests.unit.concern_steps import LATER, WORDS, amended, closed, closing, in_progress, raised, refusal, reopened, responded


def test_a_concern_is_raised() -> None:
    concern = raised(raised_on="2025-05")

    assert (concern.status, concern.version, concern.raised_at) == ("raised", 1, NOW)
    assert (concern.raised_from, concern.raised_to) == ("2025-05-01", "2025-05-31")


@pytest.mark.parametrize("day", ["2025-05-07", "2025-06"])
def test_a_concern_cannot_have_been_raised_in_the_future(day: str) -> None:
    with refusal(InFutureError, "#/raised_on"):
        raised(raised_on=day)
    with refusal(InFutureError, "#/raised_on"):
        amended(raised(), raised_on=day)


@pytest.mark.parametrize("resolution", [code for code in Resolution if code != "duplicate"])
def test_a_concern_is_closed_with_its_resolution_as_status(resolution: str) -> None:
    concern = closed(resolution=resolution)

    assert (concern.status, concern.resolution, concern.closed_at) == (resolution, resolution, LATER)
    assert (concern.reason, concern.decided_by) == ("patrols take place", "force")


def test_what_is_closed_is_not_closed_again_nor_answered_nor_worked_on() -> None:
    with refusal(AlreadyClosedError):
        closed(closed())
    with refusal(AlreadyClosedError):
        responded(closed())
    with refusal(AlreadyClosedError):
        domain.progress_concern(closed(), Progressing())


def test_a_duplicate_names_the_concern_that_it_repeats() -> None:
    first = raised()

    concern = closed(resolution="duplicate", of=first)

    assert (concern.status, concern.duplicate_of) == ("duplicate", first.id)


def test_a_duplicate_of_nothing_is_refused() -> None:
    concern = raised()
    erased = raised().model_copy(update={"erased_at": NOW})

    with refusal(DuplicateOfItselfError, "#/duplicate_of"):
        domain.close_concern(concern, closing("duplicate", concern.id), concern, NOW)
    with refusal(NoSuchConcernError, "#/duplicate_of"):
        domain.close_concern(concern, closing("duplicate", new_id()), None, NOW)
    with refusal(NoSuchConcernError, "#/duplicate_of"):
        domain.close_concern(concern, closing("duplicate", erased.id), erased, NOW)


def test_a_reopened_concern_has_no_ending() -> None:
    concern = reopened(closed(resolution="duplicate", of=raised()))

    assert (concern.status, concern.reopened_at, concern.reason) == ("raised", LATER, "no patrols in August")
    assert [concern.closed_at, concern.resolution, concern.decided_by, concern.duplicate_of, concern.referred_to] == [None] * 5


@pytest.mark.parametrize("concern", [raised(), responded(), in_progress(), reopened()], ids=lambda concern: concern.status)
def test_what_is_open_is_not_reopened(concern: Concern) -> None:
    with refusal(NotClosedError):
        reopened(concern)


def test_words_are_published_replaced_and_taken_back() -> None:
    first = domain.publish_concern(raised(), WORDS, NOW).state
    again = domain.publish_concern(closed(first), YouSaidWords(you_said="You see more patrols."), LATER).state
    taken_back = domain.unpublish_concern(again).state

    assert first.publication is not None
    assert (first.publication.you_said, first.publication.published_at) == (WORDS.you_said, NOW)
    assert again.publication is not None
    assert (again.publication.you_said, again.publication.published_at) == ("You see more patrols.", LATER)
    assert again.status == "resolved"
    assert taken_back.publication is None


def test_words_that_are_published_again_keep_what_a_newer_version_said_of_them() -> None:
    published = domain.publish_concern(raised(), WORDS, NOW).state
    newer = YouSaid.model_validate({"you_said": "More patrols.", "published_at": NOW, "approved_by": "press office"})

    again = domain.publish_concern(published.model_copy(update={"publication": newer}), WORDS, LATER).state

    assert again.publication is not None
    assert again.publication.model_extra == {"approved_by": "press office"}
    assert (again.publication.you_said, again.publication.published_at) == (WORDS.you_said, LATER)


def test_what_was_answered_and_decided_is_put_right_once_it_was_said() -> None:
    assert amended(responded(), response="we will walk on Saturdays").response == "we will walk on Saturdays"
    other = raised()
    ended = amended(closed(resolution="duplicate", of=raised()), of=other, reason="said twice", duplicate_of=other.id)
    assert (ended.reason, ended.duplicate_of) == ("said twice", other.id)
    for said in ("response", "progress", "reason", "referred_to"):
        with refusal(NotSaidYetError, f"#/{said}"):
            amended(raised(), None, **{said: "words"})
    with refusal(NoSuchConcernError, "#/duplicate_of"):
        amended(closed(resolution="duplicate", of=other), duplicate_of=new_id())


def test_nothing_sensitive_is_published() -> None:
    with refusal(SensitiveError):
        domain.publish_concern(raised(sensitive=True), WORDS, NOW)


def test_what_is_not_published_cannot_be_taken_back() -> None:
    with refusal(NotPublishedError):
        domain.unpublish_concern(raised())


def test_a_concern_that_becomes_sensitive_is_unpublished_by_the_same_event() -> None:
    published = domain.publish_concern(raised(), WORDS, NOW).state

    concern = amended(published, sensitive=True)

    assert (concern.sensitive, concern.publication, concern.version) == (True, None, published.version + 1)
    assert amended(published, priority="high").publication == published.publication


def test_an_amendment_answers_for_the_facts_as_entry_does() -> None:
    with pytest.raises(ValidationError) as refused:
        amended(raised(), category="parking")

    assert [error["loc"] for error in refused.value.errors()] == [("category",)]


def test_nothing_follows_an_erasure() -> None:
    stub = Concern(id=new_id(), force="kent", version=4, erased_at=NOW)

    for attempt in (responded, closed, reopened, domain.unpublish_concern, lambda it: amended(it, priority="high")):
        with refusal(ErasedError):
            attempt(stub)
    with refusal(ErasedError):
        domain.publish_concern(stub, WORDS, NOW)
    with refusal(ErasedError):
        domain.progress_concern(stub, Progressing())
