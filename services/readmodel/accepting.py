"""Which form of an answer `Accept` prefers (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_QUALITY: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class Range(NamedTuple):
    """One range of media types, how much it is liked, from 0 to 1, and where in the header it stands."""

    type: str
    quality: float
    place: int

    def closeness(self, media_type: str) -> int:
        """How closely the range names a media type; 0 when it does not."""
        names = ("", "*/*", f"{media_type.split('/', maxsplit=1)[0]}/*", media_type)
        return names.index(self.type) if self.type in names else 0


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The media type that is liked best: of several, the one named first. When none of them is accepted, the first that is offered."""
    ranges = [_range(part, place) for place, part in enumerate(accept.lower().split(","))]
    liked = {each: found for each in offered if (found := _closest(ranges, each)) is not None and found.quality > 0}
    return max(liked, key=lambda each: (liked[each].quality, -liked[each].place), default=offered[0])


def _closest(ranges: Sequence[Range], media_type: str) -> Range | None:
    naming = [each for each in ranges if each.closeness(media_type)]
    return max(naming, key=lambda each: each.closeness(media_type), default=None)


def _range(text: str, place: int) -> Range:
    media_type, *parameters = (part.strip() for part in text.split(";"))
    found = next((match for each in parameters if (match := _QUALITY.fullmatch(each))), None)
    return Range(media_type, 1.0 if found is None else float(found[1]), place)
