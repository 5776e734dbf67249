"""The rules of meetings, pure: a state and a wish become an event, or a refusal."""

from meetings.domain.meetings import (
    amend_meeting,
    cancel_meeting,
    hide_feedback,
    hold_meeting,
    postpone_meeting,
    receive_feedback,
    record_meeting,
)
from meetings.domain.places import (
    amend_neighbourhood,
    amend_organisation,
    merge_organisation,
    register_neighbourhood,
    register_organisation,
    require_free_code,
)
from meetings.domain.references import Reference, references, require
from meetings.domain.refusals import MeetingsError

__all__ = [
    "MeetingsError",
    "Reference",
    "amend_meeting",
    "amend_neighbourhood",
    "amend_organisation",
    "cancel_meeting",
    "hide_feedback",
    "hold_meeting",
    "merge_organisation",
    "postpone_meeting",
    "receive_feedback",
    "record_meeting",
    "references",
    "register_neighbourhood",
    "register_organisation",
    "require",
    "require_free_code",
]
