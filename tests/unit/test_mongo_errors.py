"""What becomes of the driver's errors where they leave the seam."""

import pytest
from pymongo.errors import OperationFailure, WTimeoutError

from chassis.mongo import Unavailable
from chassis.mongo.errors import translated


def test_a_write_that_too_few_members_took_in_time_may_be_sent_again() -> None:
    late = WTimeoutError("waiting for replication timed out", 64)
    late._add_error_label("UnknownTransactionCommitResult")

    with pytest.raises(Unavailable), translated():
        raise late


@pytest.mark.parametrize("code", [134, 211, 13436])
def test_a_member_that_has_only_just_come_back_may_be_asked_again(code: int) -> None:
    not_yet = OperationFailure("not yet", code)

    with pytest.raises(Unavailable), translated():
        raise not_yet


def test_what_nobody_foresaw_stays_what_it_is() -> None:
    novelty = OperationFailure("a novelty", 40415)

    with pytest.raises(OperationFailure), translated():
        raise novelty
