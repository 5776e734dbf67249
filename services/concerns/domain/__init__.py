"""The rules of concerns and actions, pure: a state and a wish become an event, or a refusal."""

from concerns.domain.actions import (
    amend_action,
    close_action,
    inherit,
    open_action,
    publish_action,
    reopen_action,
    unpublish_action,
)
from concerns.domain.concerns import (
    amend_concern,
    close_concern,
    progress_concern,
    publish_concern,
    raise_concern,
    raised_in_time,
    reopen_concern,
    respond_to_concern,
    unpublish_concern,
)
from concerns.domain.refusals import ConcernsError

__all__ = [
    "ConcernsError",
    "amend_action",
    "amend_concern",
    "close_action",
    "close_concern",
    "inherit",
    "open_action",
    "progress_concern",
    "publish_action",
    "publish_concern",
    "raise_concern",
    "raised_in_time",
    "reopen_action",
    "reopen_concern",
    "respond_to_concern",
    "unpublish_action",
    "unpublish_concern",
]
