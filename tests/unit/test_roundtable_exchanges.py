"""A password that an engine may have taken is not thrown away, and one that it refused does not stay."""

from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, WriteConcernError

from roundtable.credentials import Credentials
from roundtable.home import Home
from roundtable.operator_desk import OperatorDesk
from roundtable.rotation.passwords import _exchange

REFUSED = (OperationFailure("not authorized", 13), KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED)))
UNSURE = (
    WriteConcernError("waited for", 64),
    ExecutionTimeout("took too long", 50),
    AutoReconnect("went away"),
    KafkaException(KafkaError(KafkaError._TRANSPORT)),
    KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT)),
)


@pytest.fixture
def desk(tmp_path: Path) -> OperatorDesk:
    return OperatorDesk(Home(tmp_path).prepare(), cast("Any", None), cast("Any", None))


def exchanged(desk: OperatorDesk, error: Exception) -> tuple[str, str]:
    """What was offered to an engine that then failed so, and what stands in the file afterwards."""
    offered: list[str] = []

    def give(password: str) -> None:
        offered.append(password)
        raise error

    with pytest.raises(type(error)):
        _exchange(desk, "kafka", "admin", give)
    return offered[0], Credentials(desk.home.secrets).kept("kafka", "admin")


@pytest.mark.parametrize("error", UNSURE, ids=str)
def test_both_passwords_stay_where_nobody_knows_which_one_counts(desk: OperatorDesk, error: Exception) -> None:
    secrets = Credentials(desk.home.secrets)
    old = secrets.of("kafka", "admin")

    offered, kept = exchanged(desk, error)

    assert kept == offered
    assert secrets.unfinished("kafka") == ["admin"]
    assert secrets.accepted("kafka", "admin", lambda password: password == old) == old


@pytest.mark.parametrize("error", REFUSED, ids=str)
def test_a_password_that_was_refused_gives_way_to_the_one_before(desk: OperatorDesk, error: Exception) -> None:
    old = Credentials(desk.home.secrets).of("kafka", "admin")

    _, kept = exchanged(desk, error)

    assert kept == old
    assert Credentials(desk.home.secrets).unfinished("kafka") == []
