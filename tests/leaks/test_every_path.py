"""Every route is walked: a new one fails here until it stands in a family, and so until somebody asks it for what it must not show."""

from tests.leaks.routes import FAMILY_OF, existing


def test_every_route_of_every_service_is_walked() -> None:
    assert existing() - FAMILY_OF.keys() == set(), "these routes are asked for nothing yet: put them into a family"


def test_no_route_is_walked_that_is_not_there() -> None:
    assert FAMILY_OF.keys() - existing() == set()
