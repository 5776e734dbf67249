"""A postcode with a house number is found however it is written; a postcode, or a number of something else, is left alone."""

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.homes import gives_home
from contracts.screening import PersonalData, personal_data

LONGEST = 20_000
POSTCODES = st.sampled_from(
    ["NN16 0AA", "nn160aa", "EC1A 1BB", "W1A 0AX", "M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "BF1 2AU", "bfpo 57", "GIR 0AA"]
)
STREETS = st.sampled_from(["Queen Street", "queen street", "QUEEN STREET", "Old Mill Lane", "St Mary's Close", "High St.", "The Avenue"])
BETWEEN = st.sampled_from([" ", ", ", ",", "\n", ", Kettering, ", " in Kettering ", ", which is by the park in ", " ("])


@pytest.mark.parametrize(
    "text",
    [
        "14 Queen Street, NN16 0AA",
        "lives at 14 Queen Street, Kettering, NN16 0AA",
        "flat 2, 7 Albert Road, NN1 1AA",
        "Flat 2, Queen Court, NN1 1AA",
        "flat 2b, nn1 1aa",
        "Flat C, Albert House, NN1 1AA",
        "14 queen street nn16 0aa",
        "14 queen street kettering nn160aa",
        "14 Queen Street NN160AA",
        "14 QUEEN STREET, KETTERING, NN16 0AA",
        "14a Queen St, NN16 0AA",
        "14 Queen St. Kettering. NN16 0AA",
        "12-14 High Street, Wellingborough NN8 4JU",
        "7 Cheapside, Bradford, BD1 4HP",
        "22 The Shambles, York YO1 7LX",
        "3 Y Maes, Caernarfon LL55 2NE",
        "12 Heol Fawr, CF10 1AA",
        "221B Baker Street, London NW1 6XE",
        "10 Downing Street, London SW1A 2AA",
        "1 Old Street, London EC1A 1BB",
        "14, NN16 0AA",
        "No. 14, NN16 0AA",
        "number 14, the house with the red door, NN16 0AA",
        "the family at number 14 (NN16 0AA)",
        "house 14, postcode NN16 0AA",
        "NN16 0AA, number 14",
        "NN16 0AA, house number 14",
        "NN16 0AA (14)",
        "NN16 0AA/14",
        "NN16 0AA, 14 Queen Street",
        "the old lady in 14 Queen Street, whose windows were broken, NN16 0AA",
        "14 Queen Street. Postcode: NN16 0AA",
        "14 Queen Street in Kettering, which is NN16 0AA",
        "Mrs K of 5 St Mary's Close, Leicester, LE4 6AS",
        "5 St. Mary\N{RIGHT SINGLE QUOTATION MARK}s Close, LE4 6AS",
        "12 Churchill Close, BFPO 57",
        "12 Churchill Close, BF1 2AU",
        "Room 2, 14 Queen Street, NN16 0AA",
        "Suite 3, 14 Queen Street, NN16 0AA",
        "on 6 May 2025 at 14 Queen Street, NN16 0AA",
        "14 March Road, PE15 8AB",
        "1427 Pershore Road, Birmingham B30 2YT",
        "apartment 31, The Wharf, Salford Quays, M50 3AB",
        "apt. 4, Bute Crescent, Cardiff CF10 5AN",
        "maisonette 6, Dover House Road, SW15 5AA",
        "12 Bull Royd Lane, BD8 0LH",
        "12 Bull Royd Lane,\N{NO-BREAK SPACE}BD8\N{NO-BREAK SPACE}0LH",
        "14 old mill lane, nn8 1lt",
        "9 Bishop's Walk, St Helier, JE2 3AB",
        "3 Shore Road, Lerwick ZE1 0AA",
        "visited 16 and 18 Queen Street NN16 0AA twice",
        "the noise comes from 33 Oak Drive (NN15 7QP) every night",
        "33 Oak Drive NN15-7QP",
        "18 Bryn Road, Swansea SA2 0AP, and next door",
        "6/2 Leith Walk, Edinburgh EH6 5DX",
        "2 Rue de la Mare, St Peter Port GY1 1AA",
        "1 GIR Road, GIR 0AA",
        "14 Queen Street\nKettering\nNorthamptonshire\nNN16 0AA",
    ],
)
def test_a_postcode_with_a_house_number_is_found(text: str) -> None:
    assert gives_home(text)
    assert personal_data(text) == (PersonalData.HOME,)
    assert personal_data(text, homes=False) == ()


@pytest.mark.parametrize(
    "text",
    [
        "NN16 0AA",
        "in NN16 0AA and NN16 0AB",
        "NN1 1DE, NN8 1LT",
        "the postcode EC1A 1BB",
        "14 Queen Street",
        "flat 2, 7 Albert Road",
        "Room 12, Darby House, NN8 1LT",
        "Rooms 3, 4 and 5 of the library, NN1 1DE",
        "Unit 5 Telford Way, NN16 8UN",
        "Suite 3, Darby House, NN8 1LT",
        "we met 11 mosques, all in LE5 and one in LE4 6AS",
        "11 mosques in NN1 1DE",
        "2 officers walked along Queen Street, NN16 0AA",
        "3 burglaries close to NN1 1DE",
        "On 6 May 2025, St Mary's Church, NN1 1DE",
        "on 6 May at Darby House, Wellingborough, NN8 1LT",
        "6th May, Darby House, NN8 1LT",
        "Tuesday 6 May 2025, NN8 1LT",
        "on Tuesday 6 at Darby House, NN8 1LT",
        "May 6, NN8 1LT",
        "06/05/2025, NN1 1DE",
        "2025-05-06, NN1 1DE",
        "at 18.30, NN1 1DE",
        "from 18:30 to 20:00, NN1 1DE",
        "7 pm, NN1 1DE",
        "7pm at Darby House, NN8 1LT",
        "NN1 1DE, 7.30 pm",
        "NN1 1DE at 19:00",
        "NN1 1DE, 14 people came",
        "NN1 1DE: 3 incidents, 2 of them at night",
        "in 2025 Shree Temple, LE4 6AS",
        "Diwali 2025, Shree Temple, LE4 6AS",
        "bus 14 to NN16 0AA",
        "the number 14 bus to NN16 0AA",
        "junction 15 of the M1, NN4 9QE",
        "J15, NN4 9QE",
        "wards 3 and 4, around NN1 1DE",
        "Ward 3, Northampton General Hospital, NN1 5BD",
        "Year 6 of the Academy, NN8 4SD",
        "Year 6, Oakway Academy, NN8 4SD",
        "the 14th Northampton Scout Group, NN1 1DE",
        "under 16s, NN1 1DE",
        "ages 11 to 16, NN1 1DE",
        "aged 14, NN1 1DE",
        "24 hours a day around NN1 1DE",
        "20 mph on the road by NN1 1DE",
        "a 30 minute walk from NN1 1DE",
        "the A43 by NN2 6AA",
        "14 Queen Street, by the M1 1st exit",
        "14 Queen Street, room B12 3rd floor",
        "log 123 of 6 May, NN1 1DE",
        "crime reference 25000123456 in NN1 1DE",
        "£20 at the library, NN1 1DE",
        "3 PCSOs, St Mary's Church, NN1 1DE",
        "3 Muslim leaders at the Hall, NN1 1DE",
        "BFPO 58",
        "letters to BFPO 58 take a week",
        "St Mary's Church, High Street, NN1 1DE",
        "Al-Hikam Institute, Bull Royd Lane, BD8 0LH",
        "Wellingborough, NN8",
        "NN16, 14 Queen Street",
        "14 Queen Street, NN16",
        "S1 and S2 of 14 reports",
        "100% of NN1 1DE",
        "Team 3 covers NN1 1DE to NN1 5BD",
        "incidents 0123 and 0456 at NN1 1DE",
        "1 in 10 homes around NN1 1DE",
        "2.5 km north of NN1 1DE",
        "EC1A 1BB, SW1A 1AA and GIR 0AA",
        "the M60 near M60 1AA, 20 minutes away",
        "e10 5ab is the postcode of the library",
        "The team will hold a beat surgery at Tesco Extra, Carina Road, Kettering NN15 6XB, on 14 June from 10am to 12 noon.",
        "Speed watch took place on Rockingham Road (NN16 8JS): 42 vehicles over 35 mph",
        "Mosque open day, Saturday 20 September 2025 11am - 4pm, LE5 4DP",
        "Diwali, 20 October, Fleetville, AL1 4QX",
        "Friday prayers at 1.15 pm, Jamia Masjid, NN1 3BE",
        "Attendance 23, Jamia Masjid, NN1 3BE",
        "Venue capacity 120 (NN1 3BE)",
        "30 St Mary's Church members came to NN1 1DE",
        "collar number 1872, NN16 0AA",
        "between 9 and 5, NN1 1DE",
        "Section 60 order covering Queen Street, NN16 0AA",
        "PC 1234 on patrol in Queen Street NN16 0AA",
        "Community hub, 1st floor, Grosvenor Centre, NN1 2EW",
        "from 1 January to 31 March there were 120 reports in M14 5RB",
    ],
)
def test_a_postcode_alone_and_other_numbers_are_left_alone(text: str) -> None:
    assert not gives_home(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 999), st.sampled_from(["", "a", "B"]), STREETS, BETWEEN, POSTCODES)
def test_a_house_in_a_street_is_found_however_it_is_parted_from_its_postcode(
    number: int, letter: str, street: str, between: str, postcode: str
) -> None:
    assert gives_home(f"It is at {number}{letter} {street}{between}{postcode}, they said")


@settings(max_examples=100, deadline=None)
@given(POSTCODES, st.sampled_from(["at {}", "around {}", "St Mary's Church, High Street, {}", "from {} to the park", "({})"]))
def test_a_postcode_alone_is_never_a_home(postcode: str, sentence: str) -> None:
    assert not gives_home(sentence.format(postcode))


def test_a_house_in_another_paragraph_is_not_of_that_postcode() -> None:
    assert not gives_home("They met at 14 Queen Street.\n\nThe library is NN1 1DE.")


PIECES = st.sampled_from(
    ["NN16 0AA ", "14 ", "Queen ", "Street ", "queen ", "of ", "flat ", "no ", "room ", ", ", ".", "-", "\n", "1a ", "BFPO ", "A "]
)


@settings(max_examples=12, deadline=None)
@given(st.lists(PIECES | st.text(alphabet=string.printable, min_size=1, max_size=4), min_size=1, max_size=12))
def test_the_time_grows_with_the_length_and_no_faster(pieces: list[str]) -> None:
    unit = "".join(pieces)

    assert _seconds(unit, 4 * LONGEST) < 10 * max(_seconds(unit, LONGEST), 0.01)


@pytest.mark.parametrize(
    "unit", ["NN16 0AA ", "14 Queen ", "14, ", "A.", "A ", "1-", "14 queen ", "room 1, ", "14 A B C D E F G NN16 0AA, "]
)
def test_the_longest_text_takes_no_time(unit: str) -> None:
    assert _seconds(unit, LONGEST) < 1


def _seconds(unit: str, length: int) -> float:
    """Time that a text of that length takes, made of a unit over and over; the best of three, for others use the processor too."""
    text = (unit * length)[:length]
    return min(_once(text) for _ in range(3))


def _once(text: str) -> float:
    before = time.process_time()
    gives_home(text)
    return time.process_time() - before
