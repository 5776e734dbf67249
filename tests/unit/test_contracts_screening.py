"""Screening finds contact details however they are written, and leaves ordinary texts alone."""

import string
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    format_out_of_country_calling_number,
)

from contracts.screening import PersonalData, has_control, personal_data

GAPS = st.sampled_from(["", " ", "-", ".", "  ", "\N{NO-BREAK SPACE}", "\N{EN DASH}"])
LETTERS = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=8)
# Before the year 1000 a date can begin like a number of another country.
DAYS = st.dates(min_value=date(1000, 1, 1)).map(str)
LONGEST = 20_000
SHORTEST = 6
"""Digits of the shortest number of a country that is looked for; what is shorter is a service's, or on an island of few."""


@pytest.mark.parametrize(
    "text",
    [
        "jo@example.org",
        "write to Jo.Bloggs+mosque@mail.example.co.uk, please",
        "jo (at) example.org",
        "jo[at]example.org",
        "jo @ example.org",
        "a" * 80 + "@example.org",
        "имя@пример.рф",
        "jo\N{FULLWIDTH COMMERCIAL AT}example.org",
        '"x"@b.com',
        "a (at) b (dot) com",
        "jo[at]mail[dot]example[dot]org",
    ],
)
def test_an_e_mail_address_is_found(text: str) -> None:
    assert personal_data(text) == (PersonalData.EMAIL,)


@pytest.mark.parametrize(
    "text",
    [
        "07700900123",
        "ring 07700 900123.",
        "07700 900 123",
        "07700-900-123",
        "07700.900.123",
        "07700/900123",
        "(01604) 888963",
        "01604 888 963",
        "(020) 7946 0018",
        "020 7946 0018",
        "0800 555111",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "+44(0)7700900123",
        "0044 7700 900 123",
        "+447700900123",
        "tel:07700900123",
        "tel.07700900123",
        "tel/07700900123",
        "Tel-07700900123",
        "07700, 900, 123",
        "020, 7946, 0018",
        "on 06/05/2025 ring 07700 900123",
        "06/05/2025 07700 900123",
        "07.01.25 12345",
        "07.30 09.30 123",
        "+353 1 234 5678",
        "00353 1 234 5678",
        "+92 300 1234567",
        "\N{FULLWIDTH DIGIT ZERO}7700 900123",
    ],
)
def test_a_phone_number_is_found(text: str) -> None:
    assert personal_data(text) == (PersonalData.PHONE,)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["0", "+44", "0044", "(0"]),
    st.text(alphabet=string.digits, min_size=10, max_size=10),
    st.lists(GAPS, min_size=10, max_size=10),
)
def test_a_british_number_is_found_in_every_grouping(prefix: str, digits: str, gaps: list[str]) -> None:
    number = prefix + "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))

    assert personal_data(f"ring {number}, after six") == (PersonalData.PHONE,)


def written(region: str) -> list[str]:
    """A number of each type that a country has, as it is written there and dialled from here; not its services of few digits."""
    found = [example_number_for_type(region, kind) for kind in PhoneNumberType.values()]
    numbers = [number for number in found if number is not None and len(str(number.national_number)) >= SHORTEST]
    ways = [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966]
    return [format_number(number, way) for number in numbers for way in ways] + [
        format_out_of_country_calling_number(number, "GB") for number in numbers
    ]


@pytest.mark.parametrize("region", sorted(SUPPORTED_REGIONS))
def test_the_numbers_of_every_country_are_found(region: str) -> None:
    missed = [number for number in written(region) if PersonalData.PHONE not in personal_data(f"ring {number}, after six")]

    assert missed == []


@pytest.mark.parametrize(
    "text",
    ["AB123456C", "ab 12 34 56 c", "AB 12 34 56 C", "AB-12-34-56-C", "AB 123456 C", "number JG103759A.", "QQ 12 34 56 C", "QQ123456C"],
)
def test_a_national_insurance_number_is_found(text: str) -> None:
    assert personal_data(text) == (PersonalData.NI_NUMBER,)


@pytest.mark.parametrize(
    "text",
    [
        "2025-05-06 2025-05-06",
        "2025-05-06, 2025-05-13 and 2025-05-20",
        "from 06/05/2025 to 07/06/2025",
        "06.05.25 and 07.05.25",
        "on 06.05.25 a team came",
        "on 06-05-25 a visit was made",
        "2025-05-06T18:30:00Z",
        "11 mosques, 2 of them named",
        "crime reference SY/1234/25",
        "crime reference 25000123456",
        "14110/25 and incident 0123 of 06/05/2025",
        "log 123 of 6 May",
        "between 18:30 and 20:00",
        "0900-1030, then 1900 hours",
        "from 0900 to 1730",
        "NN1 1DE, NN8 1LT",
        "the A509 and the M1 at junction 15",
        "£10,000 and £1,250,000.50",
        "call 101 or 999",
        "ISO 27001:2022 and BS 5839-1:2017",
        "wards 04, 05, 06, 07, 08, 09 and 10",
        "0196a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "200 leaflets @ 0.50 each",
        "tea @ St. Mary's",
        "grid reference SP 752 605",
        "52.3986, -0.7260",
        "1 in 10, 0 in 100",
        "06/05/2025 18:30",
        "01/04/2024-31/03/2025",
        "06.05.2025 18.30",
        "06/05/2025 10-12",
        "07.30 09.30 11.30",
        "07.30, 09.30, 11.30 and 13.30",
        "0.123456789",
        "incidents 0123, 0456, 0789",
        "1/5/2025 18.30-20.00",
        "14 Queen Street",
        "Al-Hikam Institute, Bull Royd Lane, BD8 0LH",
        "06/05/2025, 11 mosques",
    ],
)
def test_an_ordinary_text_is_left_alone(text: str) -> None:
    assert personal_data(text) == ()


@settings(max_examples=60, deadline=None)
@given(DAYS, DAYS, st.sampled_from([" ", ", ", "; ", " to ", "\n"]))
def test_dates_in_a_row_are_no_phone_number(first: str, second: str, between: str) -> None:
    assert personal_data(first + between + second) == ()


@settings(max_examples=60, deadline=None)
@given(LETTERS, LETTERS, st.sampled_from(["org", "co.uk", "police.uk"]))
def test_any_address_is_found_within_a_sentence(name: str, host: str, ending: str) -> None:
    assert personal_data(f"They wrote ({name}@{host}.{ending}) twice.") == (PersonalData.EMAIL,)


@pytest.mark.parametrize(
    "unit", ["a", "a.", "AB", "A1", "0 ", "(0", "+4 ", "00 44 ", "+44" + " " * 50, "0" + " " * 50, "@", "a@", "a@a.", "+1 "]
)
def test_the_longest_text_takes_no_time(unit: str) -> None:
    text = (unit * LONGEST)[:LONGEST]
    before = time.process_time()

    personal_data(text)

    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ud800", chr(0xDFFF)]
)
def test_control_characters_and_lone_surrogates_are_seen_everywhere(character: str) -> None:
    assert has_control(f"a{character}b", multiline=True)
    assert has_control(f"a{character}b", multiline=False)


@pytest.mark.parametrize("character", ["\n", "\t", "\r"])
def test_breaks_belong_in_prose_and_not_in_a_line(character: str) -> None:
    assert not has_control(f"a{character}b", multiline=True)
    assert has_control(f"a{character}b", multiline=False)


@pytest.mark.parametrize("text", ["café", "مسجد", "می‌خواهم", "ਗੁਰਦੁਆਰਾ", "🕌 👨‍👩‍👧", "Żółć"])
def test_every_script_is_ordinary_text(text: str) -> None:
    assert not has_control(text, multiline=False)
    assert personal_data(text) == ()
