"""The rules of a concern: raised, answered, worked on, closed, reopened, published in approved words, and amended."""

from datetime import datetime, timedelta
from typing import Any, Final

from concerns.domain.amending import refuse_unsaid
from concerns.domain.refusals import (
    AlreadyClosedError,
    AlreadyRespondedError,
    DuplicateOfItselfError,
    ErasedError,
    InFutureError,
    NoSuchConcernError,
    NotClosedError,
    NotPublishedError,
    RecordedLateError,
    SensitiveError,
)
from contracts.concern import Concern, ConcernClosing, ConcernFacts, Progressing, Reopening, Responding, YouSaid, YouSaidWords
from contracts.dates import end_of_day, in_future, span
from contracts.entry import Patch
from contracts.events import (
    ConcernAmended,
    ConcernClosed,
    ConcernProgressed,
    ConcernPublished,
    ConcernRaised,
    ConcernReopened,
    ConcernResponded,
    ConcernUnpublished,
)
from contracts.vocabulary import ConcernStatus

_SAID_LATER: Final = ("response", "progress", "reason", "decided_by", "duplicate_of", "referred_to")
FIRST_RESPONSE: Final = timedelta(hours=72)
"""How soon those who raised a concern have a first response.

Neighbourhood Policing Guarantee (Home Office, April 2025): neighbourhood teams respond to queries from communities within 72 hours.
"""


def raise_concern(subject: str, force: str, facts: ConcernFacts, now: datetime) -> ConcernRaised:
    """Record what an organisation raised. The clock of the first response starts, unless it is recorded late."""
    concern = Concern.begin(facts, id=subject, force=force, raised_at=now)
    return ConcernRaised(_dated(concern, now))


def respond_to_concern(concern: Concern, wish: Responding, now: datetime) -> ConcernResponded:
    """Record the response to those who raised a concern: one since it was raised, one since it was reopened. Work may have begun before.

    The first one is what the 72 hours are counted to; a later one does not make it late.
    """
    _must_be_open(concern)
    if concern.is_answered:
        raise AlreadyRespondedError
    answered = "responded_at" if concern.responded_at is None else "answered_again_at"
    return ConcernResponded(concern.entered(wish, status=ConcernStatus.UNDER_REVIEW, **{answered: now}))


def progress_concern(concern: Concern, wish: Progressing) -> ConcernProgressed:
    """Record that work on a concern began, or went on."""
    _must_be_open(concern)
    return ConcernProgressed(concern.entered(wish, status=ConcernStatus.IN_PROGRESS))


def close_concern(concern: Concern, wish: ConcernClosing, duplicate_of: Concern | None, now: datetime) -> ConcernClosed:
    """End a concern with a resolution, a reason and the body that decided.

    Args:
        concern: the concern that ends.
        wish: how, why, and who decided.
        duplicate_of: the concern that `wish.duplicate_of` names, or None when the force has none of that id.
        now: this instant.

    Raises:
        AlreadyClosedError: it has ended.
        DuplicateOfItselfError, NoSuchConcernError: it repeats itself, or a concern that is not there.
    """
    _must_be_open(concern)
    _check_duplicate(concern, wish.duplicate_of, duplicate_of)
    return ConcernClosed(concern.entered(wish, status=wish.resolution, closed_at=now))


def reopen_concern(concern: Concern, wish: Reopening, now: datetime) -> ConcernReopened:
    """Take a closed concern up again. How it ended stays in its history; what is published stays published.

    A first response that was given still counts. Where none was, a new 72 hours begin, unless the concern was recorded late.
    """
    _must_stand(concern)
    if not concern.is_closed:
        raise NotClosedError
    ending = dict.fromkeys(("resolution", "decided_by", "duplicate_of", "referred_to", "closed_at"))
    clock = {"response_due": now + FIRST_RESPONSE, "overdue_at": None} if _awaits_response(concern) else {}
    return ConcernReopened(concern.entered(wish, status=ConcernStatus.RAISED, reopened_at=now, **ending, **clock))


def publish_concern(concern: Concern, wish: YouSaidWords, now: datetime) -> ConcernPublished:
    """Publish what was said, in approved words; words that were published before give way to these."""
    _must_stand(concern)
    if concern.sensitive:
        raise SensitiveError
    before = concern.publication or YouSaid()
    return ConcernPublished(concern.next(publication=before.model_copy(update={"you_said": wish.you_said, "published_at": now})))


def unpublish_concern(concern: Concern) -> ConcernUnpublished:
    """Take back what was published. The words stay in the history of events."""
    _must_stand(concern)
    if concern.publication is None:
        raise NotPublishedError
    return ConcernUnpublished(concern.next(publication=None))


def amend_concern(concern: Concern, patch: Patch, duplicate_of: Concern | None, now: datetime) -> ConcernAmended:
    """Put a concern's facts right, in whatever status it is; what was answered and decided, once that was said.

    A concern that becomes sensitive is unpublished by the same event: nothing sensitive is ever public, not for a moment.
    """
    _must_stand(concern)
    refuse_unsaid(concern, patch, _SAID_LATER)
    after = concern.next(**patch.apply(concern))
    if patch.touches("duplicate_of"):
        _check_duplicate(concern, after.duplicate_of, duplicate_of)
    if after.recorded_late != concern.recorded_late:
        raise RecordedLateError(pointer="#/recorded_late")
    if after.raised_on != concern.raised_on:
        after = _dated(after, now)
    return ConcernAmended(after.model_copy(update={"publication": None}) if after.sensitive else after)


def raised_in_time(raised_on: str | None, now: datetime) -> None:
    """Refuse a day in the future, on which nothing can have been raised.

    Raises:
        InFutureError: with a pointer to `raised_on`.
    """
    if in_future(raised_on, now):
        raise InFutureError(pointer="#/raised_on")


def _check_duplicate(concern: Concern, named: str | None, found: Concern | None) -> None:
    if named == concern.id:
        raise DuplicateOfItselfError(pointer="#/duplicate_of")
    if named is not None and (found is None or found.erased_at is not None):
        raise NoSuchConcernError(pointer="#/duplicate_of")


def _must_stand(concern: Concern) -> None:
    """Refuse any change to an erased concern."""
    if concern.erased_at is not None:
        raise ErasedError


def _must_be_open(concern: Concern) -> None:
    _must_stand(concern)
    if concern.is_closed:
        raise AlreadyClosedError


def _dated(concern: Concern, now: datetime) -> Concern:
    """The concern with what follows from the day it was raised on: its span, and when the first response is due."""
    raised_in_time(concern.raised_on, now)
    bounds = span(concern.raised_on)
    dates: dict[str, Any] = {"raised_from": bounds[0] if bounds else None, "raised_to": bounds[1] if bounds else None}
    if _awaits_response(concern) and concern.reopened_at is None:
        dates |= {"response_due": _response_due(concern.raised_at or now, dates["raised_to"]), "overdue_at": None}
    return concern.model_copy(update=dates)


def _awaits_response(concern: Concern) -> bool:
    return concern.responded_at is None and not concern.recorded_late


def _response_due(raised_at: datetime, raised_to: str | None) -> datetime:
    """72 hours after the concern was raised: on the last day that it can have been, and at the latest when it was recorded."""
    return (raised_at if raised_to is None else min(raised_at, end_of_day(raised_to))) + FIRST_RESPONSE
