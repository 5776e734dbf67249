"""Operations on concerns: raised, answered, worked on, closed, reopened, and published in approved words."""

from typing import Annotated, Final

from chassis.desk import AtDesk
from chassis.documents import example
from chassis.problems import problems
from chassis.routers import Ref, publishing, reading, recording
from concerns import use_cases
from concerns.api import examples
from contracts.concern import Concern, ConcernAmending, ConcernClosing, ConcernFacts, Progressing, Reopening, Responding, YouSaidWords
from contracts.entry import Entry, Patch, PatchOf

recorders = recording("concerns")
publishers = publishing("concerns")
readers = reading("concerns")
_NOTHING_MORE: Final = Progressing()


@recorders.post("", status_code=201, openapi_extra=example(request=examples.RAISE))
async def raise_concern(facts: Entry[ConcernFacts], desk: AtDesk) -> Concern:
    """Record what an organisation raised, at a meeting or not; write what was said, not who said it.

    `raised_on` is the day, the month (`2025-03`) or null, as it is known; it may not lie in the future. A first response is due 72
    hours after it was raised (Neighbourhood Policing Guarantee): counted from now, or from the end of an earlier `raised_on`. With
    `recorded_late` no clock starts and nobody is reminded. `meeting_id`, `organisation_id` and `neighbourhood_id` are links that are
    not checked here. A sensitive concern shows its status, dates and links alone to whoever lacks the role `sensitive_reader`.
    """
    return await use_cases.raise_concern(desk, facts)


@recorders.patch("/{concern_id}", responses=problems(409, 412, 428), openapi_extra=example(request=examples.AMEND))
async def amend_concern(concern_id: Ref, patch: Annotated[Patch, PatchOf(ConcernAmending)], desk: AtDesk) -> Concern:
    """Put a concern's facts right, by a JSON merge patch (RFC 7396), in whatever status it is.

    `"sensitive": true` makes it sensitive, with every action that answers it, and unpublishes all of them, in one transaction;
    `false` makes those actions ordinary again that answer no other sensitive concern. Another `raised_on` moves `response_due` of a
    concern that had no response yet. `recorded_late` stays as it was said first. To lower sensitivity takes the role
    `sensitive_reader` as well. `response`, `reason` and the like are put right once they were said; before that: 409. Of a
    sensitive concern, `progress` and `referred_to` are put right by a `sensitive_reader` alone: a refusal would tell whether there is any.
    """
    return await use_cases.amend_concern(desk, concern_id, patch)


@recorders.post("/{concern_id}/respond", responses=problems(409, 412, 428), openapi_extra=example(request=examples.RESPOND))
async def respond_to_concern(concern_id: Ref, wish: Entry[Responding], desk: AtDesk) -> Concern:
    """Record the first response to those who raised a concern: it is `under_review`. A second one, or of a closed concern: 409.

    Once a concern was reopened it can be answered again; `responded_at` stays that of the first response.
    """
    return await use_cases.respond_to_concern(desk, concern_id, wish)


@recorders.post("/{concern_id}/progress", responses=problems(409, 412, 428), openapi_extra=example(request=examples.PROGRESS))
async def progress_concern(concern_id: Ref, desk: AtDesk, wish: Entry[Progressing] = _NOTHING_MORE) -> Concern:
    """Record that work on a concern began or went on: it is `in_progress`. A closed one: 409."""
    return await use_cases.progress_concern(desk, concern_id, wish)


@recorders.post("/{concern_id}/close", responses=problems(409, 412, 428), openapi_extra=example(request=examples.CLOSE))
async def close_concern(concern_id: Ref, wish: Entry[ConcernClosing], desk: AtDesk) -> Concern:
    """Close a concern with a resolution (its status from then on), a reason and the body that decided. A closed one: 409.

    The resolution `duplicate` names another concern of the force in `duplicate_of`.
    """
    return await use_cases.close_concern(desk, concern_id, wish)


@recorders.post("/{concern_id}/reopen", responses=problems(409, 412, 428), openapi_extra=example(request=examples.REOPEN))
async def reopen_concern(concern_id: Ref, wish: Entry[Reopening], desk: AtDesk) -> Concern:
    """Take a closed concern up again: it is `raised`, and its ending stays in its history. An open one: 409.

    A first response that was given still counts; where there was none, a new 72 hours begin.
    """
    return await use_cases.reopen_concern(desk, concern_id, wish)


@publishers.post("/{concern_id}/publish", responses=problems(409, 412, 428), openapi_extra=example(request=examples.PUBLISH))
async def publish_concern(concern_id: Ref, wish: Entry[YouSaidWords], desk: AtDesk) -> Concern:
    """Publish what was said, in words approved for the public; words that were published before give way. A sensitive concern: 409."""
    return await use_cases.publish_concern(desk, concern_id, wish)


@publishers.post("/{concern_id}/unpublish", responses=problems(409, 412, 428), openapi_extra=example(answer=examples.concern()))
async def unpublish_concern(concern_id: Ref, desk: AtDesk) -> Concern:
    """Take back what was published; the words stay in the log of events. When nothing is published: 409."""
    return await use_cases.unpublish_concern(desk, concern_id)


@readers.get("/{concern_id}", openapi_extra=example(answer=examples.concern()))
async def read_concern(concern_id: Ref, desk: AtDesk) -> Concern:
    """Read a concern where it is owned: its newest version at once, with the `ETag` that a change needs."""
    return await desk.show(Concern, concern_id)
