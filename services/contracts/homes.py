"""A postcode with a house number: together they say where somebody lives, and often who. Either of them alone says neither.

Postcodes are looked for first, for they are rare; house numbers only in the hundred characters around each. No character is looked at
for more than two postcodes, so that the time grows with a text's length and no faster.
"""

import re
from collections.abc import Iterator
from typing import Final

# The 124 areas and the forces' own; and which letters never stand where: Royal Mail, Programmers' guide to the Postcode Address File.
_AREAS: Final = (
    "A[BL]|B[ABDFHLNRSTX]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?"
    "|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
# An ordinal in small letters behind the name of a road or a room ("M1 1st exit", "B12 3rd floor") is none.
_POSTCODE: Final = re.compile(
    rf"(?<![A-Z0-9])(?:(?:{_AREAS})\d[\dA-HJKPR-Y]?[\s-]{{0,2}}(?!(?-i:1st|2nd|3rd|\dth))\d[ABD-HJLNP-UW-Z]{{2}}|GIR\s?0AA|BFPO\s?\d{{1,4}})"
    r"(?![A-Z0-9])",
    re.IGNORECASE,
)
_REACH: Final = 100
_NOTHING: Final = "_"
_MONTH: Final = (
    r"(?i:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b"
)
_STREET: Final = (
    r"(?i:Street|St|Road|Rd|Lane|Ln|Avenue|Ave?|Close|Cl|Drive|Dr|Way|Court|Ct|Place|Pl|Crescent|Cres|Gardens?|Gdns|Grove|Terrace|Terr?|Square|Sq"
    r"|Hill|Park|Row|Walk|Green|Mews|View|Rise|Parade|Broadway|Gate|Yard|Wharf|Quay|Croft|Path|Bank|End|Vale|Dene|Chase|Circus|Approach|Villas"
    r"|Cottages|Heights|Mount|Meadows?|Fields?|Fold|Garth|Wynd|Brae)\b"
)
_SMALL_STREET: Final = (
    r"(?:street|road|rd|lane|avenue|ave|drive|crescent|gardens|terrace|mews|grove|close(?!\s(?:to|by|at|on|in|and|the)\b))\b"
)
_DIGITS: Final = r"[1-9]\d{0,3}[a-hA-H]?(?![\w:%])(?!\.\d)"
_NUMBER: Final = rf"(?<![\w£$€#])(?<!\d[.,:/-]){_DIGITS}(?:\s?[-/&\u2013]\s?{_DIGITS})?"
# What is counted or begins a name of another kind: "3 PCSOs, St Mary's".
_COUNTED: Final = r"(?!(?i:PCSOs?|PCs?|officers|mosques|churches|imams|members|residents|people|leaders|families|hours|minutes|days)\b)"
_PROPER: Final = rf"(?:{_COUNTED}[A-Z][\w'\u2019]*|of|the|and|on|in|near|de|la|le|y|yr|upon|under|by)"
_APART: Final = r"[\s,.()-]{1,4}"
_SMALL: Final = r"(?!(?:on|in|at|along|near|from|to|of|the|and|with|by|off|for|mph|minute|mile|hour)\b)[a-z'\u2019-]{1,20}"

_NO_HOUSE: Final = re.compile(
    rf"(?<!\w)(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?!\s{_STREET})(?:,?\s\d{{4}}\b)?|{_MONTH}\s\d{{1,2}}\b|(?:19|20)\d\d\b"
    r"|\d{1,2}[.:]\d\d(?:\s?[ap]m\b)?|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{1,4}\sto\s\d{1,4}\b"
    r"|(?i:room|hall|class|classroom|year|form|stage|junction|exit|platform|gate|bus|buses|route|tram|stop|bay|stand|stall|table|page|item"
    r"|section|phase|level|floor|zone|area|ward|beat|sector|division|group|team|unit|suite|office|studio|shop|building|pitch|log|incident"
    r"|ref|reference|crime|case|age|aged|under|over|session|meeting|operation|collar|attendance|capacity|between|lpa|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
    rf"\W{{1,2}}(?:(?i:no|number|nr)s?\.?\s?)?{_DIGITS}(?:(?:,\s?{_DIGITS}){{0,9}}\s?(?:and|&|or|to|-|\u2013)\s?{_DIGITS})?)"
)
"""Dates, times, ages, and numbers of what nobody lives in."""

_BEFORE: Final = re.compile(
    # A home by its own name, whatever stands between it and the postcode: "flat 2", "number 14".
    r"\b(?i:flat|apartment|apt|maisonette|bedsit|bungalow|house|door)\.?\s{0,2}(?:(?i:no|number)\.?\s?)?(?:\d{1,4}[a-zA-Z]?|[A-H])\b"
    r"|\b(?i:number|no)\.?\s?\d{1,4}[a-zA-Z]?\b(?!\s(?i:bus|tram|route|service)\b)"
    # A number and a street, likewise: "14 Queen Street in Kettering, which is".
    rf"|{_NUMBER},?\s{{1,2}}(?:{_PROPER}[\s.-]{{1,2}}){{1,5}}?(?=[A-Z]){_STREET}"
    rf"|{_NUMBER},?\s{{1,2}}(?:{_SMALL}\s){{1,2}}?{_SMALL_STREET}"
    # A number, then names and nothing else up to the postcode: "7 Cheapside, Bradford".
    rf"|{_NUMBER}[\s,]{{1,2}}(?=[A-Z])(?:{_PROPER}{_APART}){{1,8}}$"
    # A number at the postcode: "14, NN16 0AA".
    rf"|(?<!\d){_NUMBER}[\s,:;(-]{{1,3}}$"
)
_AFTER: Final = re.compile(
    r"\W{1,3}(?:(?:and|with|at|the)\s){0,2}(?i:flat|apartment|apt|house|door|number|no)\b\.?\s?(?:(?i:number|no)\.?\s?)?\d{1,4}[a-zA-Z]?\b"
    rf"|[\s,:(-]{{1,3}}{_NUMBER},?\s{{1,2}}(?:{_PROPER}[\s.-]{{1,2}}){{1,5}}?(?=[A-Z]){_STREET}"
    rf"|[\s,:(/-]{{1,3}}{_NUMBER}(?=\s*(?:[.;)\n]|$))"
)


def gives_home(text: str) -> bool:
    """Whether a text seems to hold a postcode and the number of a house or flat that it is of."""
    return any(
        _BEFORE.search(_NO_HOUSE.sub(_NOTHING, before)) or _AFTER.match(_NO_HOUSE.sub(_NOTHING, after)) for before, after in _around(text)
    )


def _around(text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind each postcode, up to the next one or the end of the paragraph."""
    found = list(_POSTCODE.finditer(text))
    ends = [0, *(each.end() for each in found)]
    starts = [*(each.start() for each in found), len(text)]
    for place, each in enumerate(found):
        before = text[max(ends[place], each.start() - _REACH) : each.start()]
        after = text[each.end() : min(starts[place + 1], each.end() + _REACH)]
        yield before.rpartition("\n\n")[2], after.partition("\n\n")[0]
