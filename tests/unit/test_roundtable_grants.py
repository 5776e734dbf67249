"""Grants and lifetimes as an operator writes them."""

from datetime import timedelta

import pytest

from chassis.principal import EVERY_FORCE, READING, Role
from roundtable import grants
from roundtable.errors import OperatorError
from roundtable.grants import ROLES, Grant, parse_grant, parse_lifetime


def test_the_command_line_knows_the_roles_of_the_services() -> None:
    assert set(Role) == set(ROLES)
    assert set(READING) == grants.NATIONAL_ROLES
    assert grants.EVERY_FORCE == EVERY_FORCE


def test_a_grant_names_a_force_and_its_roles_once_each() -> None:
    assert parse_grant("west-yorkshire:reader,recorder,reader") == Grant("west-yorkshire", ("reader", "recorder"))


def test_every_force_is_for_the_reader_roles() -> None:
    assert parse_grant("*:reader,sensitive_reader") == Grant("*", ("reader", "sensitive_reader"))
    with pytest.raises(OperatorError, match="name the force for recorder"):
        parse_grant("*:reader,recorder")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kent", "is not a grant"),
        ("kent:", "is not a grant"),
        ("kent:king", "'king' is not a role"),
        ("kent:reader,", "'' is not a role"),
        ("Kent:reader", "is not a force's slug"),
        ("../etc:reader", "is not a force's slug"),
        (":reader", "is not a force's slug"),
    ],
)
def test_what_is_no_grant_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(OperatorError, match=complaint):
        parse_grant(text)


def test_a_lifetime_has_a_unit() -> None:
    assert [parse_lifetime(text) for text in ("90s", "30m", "1h", "7d")] == [
        timedelta(seconds=90),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(days=7),
    ]


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "1 h", "1w", "9999999d"])
def test_what_is_no_lifetime_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="is not a time"):
        parse_lifetime(text)
