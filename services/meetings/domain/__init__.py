"""The rules of meetings, pure: a state and a wish become an event, or a refusal."""

from meetings.domain.meetings import (
    amend_feedback,
    amend_meeting,
    cancel_meeting,
    held_in_time,
    hold_meeting,
    inherit,
    is_judged_by_what_is_sealed,
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
    "amend_feedback",
    "amend_meeting",
    "amend_neighbourhood",
    "amend_organisation",
    "cancel_meeting",
    "held_in_time",
    "hold_meeting",
    "inherit",
    "is_judged_by_what_is_sealed",
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
