"""What the rules of concerns refuse: one family, each with the words for the caller and, where a field is to blame, a pointer to it."""

from typing import ClassVar


class ConcernsError(Exception):
    """A wish that the rules refuse. `pointer` is a JSON pointer into the request (`#/raised_on`), or None."""

    said: ClassVar[str] = "The rules of concerns refuse this"

    def __init__(self, *, pointer: str | None = None) -> None:
        super().__init__(self.said)
        self.pointer = pointer


class ErasedError(ConcernsError):
    """Nothing follows an erasure."""

    said = "The record was erased: nothing can be changed about it"


class AlreadyClosedError(ConcernsError):
    """What has ended does not end again, nor go on."""

    said = "It is closed: reopen it first"


class NotClosedError(ConcernsError):
    """Only what has ended can be taken up again."""

    said = "It is open: there is nothing to reopen"


class AlreadyRespondedError(ConcernsError):
    """There is one first response."""

    said = "The first response was given: record progress instead"


class SensitiveError(ConcernsError):
    """Nothing sensitive is published, in whatever words."""

    said = "The record is sensitive: nothing of it can be published"


class NotPublishedError(ConcernsError):
    """What is not published cannot be taken back."""

    said = "Nothing is published: there is nothing to take back"


class NotDoneYetError(ConcernsError):
    """`we_did` speaks of an action that has ended."""

    said = "The action is open: close it before you publish what was done"


class InFutureError(ConcernsError):
    """Nothing was raised tomorrow."""

    said = "The date is in the future: a concern is raised before it is recorded"


class RecordedLateError(ConcernsError):
    """Whether clocks were started is decided when a record is made."""

    said = "`recorded_late` is said once, when the record is made"


class NotSaidYetError(ConcernsError):
    """An amendment puts right what was said, and says nothing for the first time."""

    said = "Nothing was said here yet: respond, close or reopen first, then put it right"


class DuplicateOfItselfError(ConcernsError):
    """A concern does not repeat itself."""

    said = "A concern cannot be a duplicate of itself"


class NoSuchConcernError(ConcernsError):
    """A concern is named that is absent, erased or of another force; the answer does not tell which."""

    said = "There is no such concern in this force"
