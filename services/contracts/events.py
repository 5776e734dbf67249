"""Every event of Roundtable. The three that most subscribers want: MeetingHeld, ConcernRaised, ActionClosed."""

from contracts.action import Action
from contracts.concern import Concern
from contracts.event import Event
from contracts.meeting import Feedback, Meeting
from contracts.places import Neighbourhood, Organisation


class OrganisationRegistered(Event[Organisation], type="engagement.organisation-registered.v1"):
    """A force began to know an organisation."""


class OrganisationAmended(Event[Organisation], type="engagement.organisation-amended.v1"):
    """Something about an organisation was put right."""


class OrganisationMerged(Event[Organisation], type="engagement.organisation-merged.v1"):
    """An organisation turned out to be another one."""


class OrganisationContactLapsed(Event[Organisation], type="engagement.organisation-contact-lapsed.v1"):
    """Nobody has met the organisation for a year."""


class OrganisationErased(Event[Organisation], type="engagement.organisation-erased.v1"):
    """The record of an organisation was erased."""


class NeighbourhoodRegistered(Event[Neighbourhood], type="engagement.neighbourhood-registered.v1"):
    """A force named one of its policing areas."""


class NeighbourhoodAmended(Event[Neighbourhood], type="engagement.neighbourhood-amended.v1"):
    """Something about a neighbourhood was put right."""


class NeighbourhoodErased(Event[Neighbourhood], type="engagement.neighbourhood-erased.v1"):
    """The record of a neighbourhood was erased."""


class MeetingScheduled(Event[Meeting], type="engagement.meeting-scheduled.v1"):
    """A meeting was planned."""


class MeetingDueSoon(Event[Meeting], type="engagement.meeting-due-soon.v1"):
    """A planned meeting is near."""


class MeetingHeld(Event[Meeting], type="engagement.meeting-held.v1"):
    """A meeting took place."""


class MeetingAmended(Event[Meeting], type="engagement.meeting-amended.v1"):
    """Something about a meeting was put right or added."""


class MeetingPostponed(Event[Meeting], type="engagement.meeting-postponed.v1"):
    """A meeting was put off, to a new time or to none yet."""


class MeetingCancelled(Event[Meeting], type="engagement.meeting-cancelled.v1"):
    """A meeting will not be held."""


class MeetingErased(Event[Meeting], type="engagement.meeting-erased.v1"):
    """The record of a meeting was erased."""


class FeedbackReceived(Event[Feedback], type="engagement.feedback-received.v1"):
    """An organisation said what it thought of a meeting."""


class FeedbackAmended(Event[Feedback], type="engagement.feedback-amended.v1"):
    """Feedback became sensitive with its meeting."""


class FeedbackErased(Event[Feedback], type="engagement.feedback-erased.v1"):
    """The record of a feedback was erased."""


class ConcernRaised(Event[Concern], type="engagement.concern-raised.v1"):
    """An organisation raised something."""


class ConcernResponded(Event[Concern], type="engagement.concern-responded.v1"):
    """Those who raised a concern had a first response."""


class ConcernResponseOverdue(Event[Concern], type="engagement.concern-response-overdue.v1"):
    """72 hours went by without a first response."""


class ConcernProgressed(Event[Concern], type="engagement.concern-progressed.v1"):
    """Work on a concern began or went on."""


class ConcernAmended(Event[Concern], type="engagement.concern-amended.v1"):
    """Something about a concern was put right."""


class ConcernClosed(Event[Concern], type="engagement.concern-closed.v1"):
    """A concern ended, with a resolution, a reason and the body that decided."""


class ConcernReopened(Event[Concern], type="engagement.concern-reopened.v1"):
    """A closed concern was taken up again."""


class ConcernPublished(Event[Concern], type="engagement.concern-published.v1"):
    """What was said was published in approved words."""


class ConcernUnpublished(Event[Concern], type="engagement.concern-unpublished.v1"):
    """What was said is no longer published."""


class ConcernErased(Event[Concern], type="engagement.concern-erased.v1"):
    """The record of a concern was erased."""


class ActionOpened(Event[Action], type="engagement.action-opened.v1"):
    """An office promised something."""


class ActionDueSoon(Event[Action], type="engagement.action-due-soon.v1"):
    """A promise falls due soon."""


class ActionOverdue(Event[Action], type="engagement.action-overdue.v1"):
    """A promise fell due and was not kept."""


class ActionAmended(Event[Action], type="engagement.action-amended.v1"):
    """Something about an action was put right, or it became sensitive with a concern."""


class ActionClosed(Event[Action], type="engagement.action-closed.v1"):
    """An action ended, with an outcome."""


class ActionReopened(Event[Action], type="engagement.action-reopened.v1"):
    """A closed action was taken up again."""


class ActionPublished(Event[Action], type="engagement.action-published.v1"):
    """What was promised or done was published in approved words."""


class ActionUnpublished(Event[Action], type="engagement.action-unpublished.v1"):
    """What was promised or done is no longer published."""


class ActionErased(Event[Action], type="engagement.action-erased.v1"):
    """The record of an action was erased."""
