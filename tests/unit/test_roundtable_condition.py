"""The condition that an operator is told, as the real engines have it."""

import pytest

from roundtable.addresses import Addresses
from roundtable.condition import condition_of, is_well
from roundtable.operator_desk import OperatorDesk
from roundtable.provisioning import Provisioning
from tests.conftest import Place
from tests.unit.provisioned import desk_at, produced

desk = pytest.fixture(desk_at)


def test_the_condition_tells_how_far_the_read_model_is_behind_and_what_is_not_published(place: Place, desk: Provisioning) -> None:
    for _ in range(3):
        assert produced(place.engines, "meetings", place.force) is None
    mongo, topic = place.engines.mongo.client(), f"engagement.{place.force}"
    with mongo:
        mongo[f"{place.prefix}concerns"]["outbox"].insert_one({"status": "pending", "force": place.force})
        mongo[f"{place.prefix}meetings"]["outbox"].insert_many([{"status": "published", "force": place.force}])
        end = desk.kafka.list_topics(topic, timeout=5).topics[topic].partitions
        assert len(end) == 3
        mongo[f"{place.prefix}readmodel"]["positions"].insert_one(
            {"_id": f"{topic}:0", "force": place.force, "topic": topic, "partition": 0, "offset": 0}
        )
    engines = place.engines
    condition = condition_of(OperatorDesk(engines.home, Addresses(engines.bootstrap_servers, engines.mongo.address, {}), desk))

    assert condition["forces"] == {place.force: {"lag": 3, "outbox_pending": 1}}
    assert condition["kafka"] == {"bootstrap_servers": engines.bootstrap_servers, "ready": True, "why": None}
    assert is_well(condition)


def test_a_service_that_does_not_answer_makes_the_condition_bad(place: Place, desk: Provisioning) -> None:
    engines = place.engines
    addresses = Addresses(engines.bootstrap_servers, engines.mongo.address, {"meetings": "http://127.0.0.1:9"})

    condition = condition_of(OperatorDesk(engines.home, addresses, desk))

    assert condition["services"] == {"meetings": {"url": "http://127.0.0.1:9", "ready": False, "checks": {}}}
    assert not is_well(condition)
