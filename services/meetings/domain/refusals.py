"""What the rules of meetings refuse: one family, each with the words for the caller and, where a field is to blame, a pointer to it."""

from typing import ClassVar


class MeetingsError(Exception):
    """A wish that the rules refuse. `pointer` is a JSON pointer into the request (`#/held_on`), or None."""

    said: ClassVar[str] = "The rules of meetings refuse this"

    def __init__(self, *, pointer: str | None = None) -> None:
        super().__init__(self.said)
        self.pointer = pointer


class ErasedError(MeetingsError):
    """Nothing follows an erasure."""

    said = "The record was erased: nothing can be changed about it"


class AlreadyHeldError(MeetingsError):
    """A meeting is held once, and then neither put off nor cancelled."""

    said = "The meeting was held: amend it instead"


class AlreadyCancelledError(MeetingsError):
    """A cancelled meeting stays cancelled."""

    said = "The meeting was cancelled: record the new one as another meeting"


class NotHeldError(MeetingsError):
    """There is feedback only on a meeting that took place."""

    said = "The meeting has not been held: record that it was, then its feedback"


class HeldFactError(MeetingsError):
    """What came of a meeting is known once it was held."""

    said = "This is known of a held meeting only: hold the meeting first, or record it with `status: held`"


class InFutureError(MeetingsError):
    """Nothing was held tomorrow."""

    said = "The date is in the future: a meeting is held before it is recorded as held"


class NotSaidYetError(MeetingsError):
    """An amendment puts right what was said, and says nothing for the first time."""

    said = "No reason was given yet: postpone or cancel the meeting with one, then put it right"


class NoSuchReferenceError(MeetingsError):
    """A record names another one that is absent, erased or of another force; the answer does not tell which."""

    said = "There is no such record in this force"


class RecordedLateError(MeetingsError):
    """Whether clocks were started is decided when a record is made."""

    said = "`recorded_late` is said once, when the record is made"


class AlreadyMergedError(MeetingsError):
    """A merged organisation no longer stands for itself."""

    said = "The organisation was merged into another one: change that one"


class MergedIntoItselfError(MeetingsError):
    """An organisation is not another one."""

    said = "An organisation cannot be merged into itself"


class MergedAwayError(MeetingsError):
    """The organisation that stays must stand for itself."""

    said = "That organisation was merged itself: merge into the one that it became"


class CodeTakenError(MeetingsError):
    """A neighbourhood's code is unique within its force."""

    said = "Another neighbourhood of this force has this code"
