"""Bounds of Kafka's clients that must agree with each other."""

from chassis import kafka


def test_a_group_waits_less_for_its_members_than_the_request_by_which_one_joins() -> None:
    assert kafka.REBALANCE_SECONDS < kafka.REQUEST_SECONDS < kafka.SESSION_SECONDS
