"""What free text may not hold: what leads to a person (contact details, a home), control characters.

The time that a pattern takes grows with a text's length and no faster: each bounds what it repeats.
"""

import re
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize

from contracts.homes import gives_home

_GAP: Final = r"[\s.()\u2010-\u2015/-]{0,3}"
_ALONE: Final = r"(?<!\d)(?<!\d[./-])"
"""A number begins here, and not the rest of a date or of a reference; a word may stand before: `tel.07700900123`."""
_FIRST: Final = r"(?<!\d)" + "".join(rf"(?<!\d[\s.()\u2010-\u2015/-]{{{width}}})" for width in (1, 2, 3))
_LAST: Final = rf"(?!{_GAP}\d)"
_BETWEEN: Final = r"[\s,;\u2010-\u2015-]{1,3}"
_DATE: Final = (
    r"(?:(?:0[1-9]|[12]\d|3[01])(?:/(?:0[1-9]|1[0-2])/|\.(?:0[1-9]|1[0-2])\.|-(?:0[1-9]|1[0-2])-)|[1-9]/[1-9]/|[1-9]\.[1-9]\.)"
    r"(?:(?:19|20)\d\d|\d\d)"
)
_TIME: Final = r"(?:[01]\d|2[0-3])[.-][0-5]\d"


class PersonalData(StrEnum):
    """What screening finds, by the names that problems, logs and metrics give it."""

    EMAIL = "email"
    PHONE = "phone"
    NI_NUMBER = "ni_number"
    HOME = "home_address"

    @property
    def words(self) -> str:
        """What it is, to whoever entered it."""
        return _WORDS[self]


_WORDS: Final = {
    PersonalData.EMAIL: "an e-mail address",
    PersonalData.PHONE: "a phone number",
    PersonalData.NI_NUMBER: "a National Insurance number",
    PersonalData.HOME: "a postcode with a house number",
}
_PATTERNS: Final[dict[PersonalData, re.Pattern[str]]] = {
    PersonalData.EMAIL: re.compile(
        r"[\w.+'\"-]{1,64}\s?(?:@|\(at\)|\[at\])\s?(?:[\w-]{1,63}(?:\.|\s?(?:\(dot\)|\[dot\])\s?)){1,8}[^\W\d_]{2,24}",
        re.IGNORECASE,
    ),
    # A British number: +44, 0044 or 0, then nine or ten digits, however they are grouped.
    PersonalData.PHONE: re.compile(
        rf"{_ALONE}(?:(?:\+|00)\s?44{_GAP}(?:0\)?)?|\(?0)(?:{_GAP}\d){{9,10}}(?!\d)"
        # Parted by commas it has few and long groups, which keeps "wards 04, 05, 06" from being one.
        rf"|{_ALONE}(?=0(?:,?\s?\d){{9,10}}(?!,?\s?\d))0\d{{2,4}}(?:,\s?\d{{3,8}}){{1,2}}(?!\d)"
        # One of another country, as it is dialled or written.
        rf"|(?:(?<![\w+])\+|{_ALONE}00(?!\d\d-)\s?)(?!44)[1-9]\d{{0,2}}(?:{_GAP}\d){{7,14}}(?!\d)"
    ),
    # Prefixes that are never issued are left out, but for the QQ of specimens:
    # https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
    # The pairs of digits stand apart in one way, which keeps "on 06.05.25 a team" from being one.
    PersonalData.NI_NUMBER: re.compile(
        r"(?<![A-Z0-9])(?:QQ|(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])"
        r"(?:[\s.-]?\d{6}|([\s.-])\d\d\1\d\d\1\d\d)[\s.-]?[A-D](?![A-Z0-9])",
        re.IGNORECASE,
    ),
}
_NO_NUMBER: Final = re.compile(
    rf"{_FIRST}(?:{_DATE}(?:{_BETWEEN}{_DATE}){{0,20}}(?:{_BETWEEN}(?:\d\d?|{_TIME}(?:{_BETWEEN}{_TIME}){{0,3}}))?"
    rf"|{_TIME}(?:{_BETWEEN}{_TIME}){{1,20}}|0\.\d{{1,9}}){_LAST}"
)
"""Dates, also with a time behind them, times in a row, a decimal fraction: their digits would make up phone numbers.

Digits beside them would make them part of a longer number, of which a grouping can look like a date: that is searched as it stands.
"""

_UNSEEN: Final = r"\x7f-\x9f\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL: Final = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_UNSEEN}]")
_CONTROL_OR_BREAK: Final = re.compile(rf"[\x00-\x1f{_UNSEEN}]")


def personal_data(text: str, *, homes: bool = True) -> tuple[PersonalData, ...]:
    """What a text seems to hold that leads to a person.

    Args:
        text: of any length that entry allows.
        homes: whether a postcode with a house number counts; an address of a body or of a meeting leads to no person.
    """
    # Full-width digits and letters read the same, and are the same here; what cannot be seen must not part a number.
    plain = "".join(character for character in normalize("NFKC", text) if category(character) != "Cf")
    # What is put in a date's place parts the digits on either side of it.
    searched = dict.fromkeys(_PATTERNS, plain) | {PersonalData.PHONE: _NO_NUMBER.sub(";", plain)}
    found = [kind for kind, pattern in _PATTERNS.items() if pattern.search(searched[kind])]
    return (*found, PersonalData.HOME) if homes and gives_home(plain) else tuple(found)


def has_control(text: str, *, multiline: bool) -> bool:
    """Whether a text holds control or direction-changing characters or lone surrogates; line breaks count unless `multiline`."""
    return (_CONTROL if multiline else _CONTROL_OR_BREAK).search(text) is not None
