"""The doctor's judgement of the stack: versions, replica set, partitions, what waits, and what belongs together."""

from dataclasses import replace
from importlib.metadata import metadata

import pytest

from roundtable.doctor import stack
from roundtable.doctor.finding import State
from roundtable.doctor.kafka_features import levels_in
from roundtable.doctor.stack import Belongings, Member, Partition, Waiting
from roundtable.doctor.versions import PYTHON, Versions, judge_versions
from roundtable.positions import Standing

WELL = Versions((3, 12, 4), "0.1.0", {"meetings": "0.1.0", "concerns": "0.1.0"}, "8.0.4", "8.0", (29, 29))
PRIMARY = Member("a:27017", "PRIMARY")
WHOLE = Partition("engagement.kent-0", led=True, copies=3, in_step=3)
COMPLETE = Belongings({"kent": 3}, {"kent": 3}, frozenset({"kent"}))


def test_versions_that_fit_together_are_told() -> None:
    finding = judge_versions(WELL)

    assert finding.state == "ok"
    assert all(said in finding.found for said in ("Python 3.12.4", "roundtable 0.1.0", "MongoDB 8.0.4", "level 29"))


@pytest.mark.parametrize(
    ("versions", "state", "advice"),
    [
        (replace(WELL, python=(3, 10, 1)), "FAIL", "Python 3.11"),
        (replace(WELL, python=(3, 14, 0)), "FAIL", "Python 3.11"),
        (replace(WELL, services={"meetings": "0.1.0", "concerns": "0.0.9"}), "warn", "finish the upgrade"),
        (replace(WELL, mongo="5.0.2", mongo_compatible="5.0"), "FAIL", "upgrade MongoDB"),
        (replace(WELL, mongo_compatible="7.0"), "warn", "setFeatureCompatibilityVersion"),
        (replace(WELL, kafka=(21, 29)), "FAIL", "upgrade Kafka"),
        (replace(WELL, kafka=(25, 29)), "warn", "kafka-features.sh"),
    ],
)
def test_a_version_that_does_not_fit_says_what_to_do(versions: Versions, state: State, advice: str) -> None:
    finding = judge_versions(versions)

    assert finding.state == state
    assert advice in finding.advice


def test_the_doctor_takes_the_versions_of_python_that_the_project_takes() -> None:
    first, untried = (".".join(map(str, each)) for each in PYTHON)

    assert metadata("roundtable")["Requires-Python"] in {f">={first},<{untried}", f"<{untried},>={first}"}


@pytest.mark.parametrize(
    ("others", "state"),
    [
        ([], "ok"),
        ([Member("b:27017", "SECONDARY", 2)], "ok"),
        ([Member("b:27017", "SECONDARY", 60)], "warn"),
        ([Member("b:27017", "away")], "warn"),
        ([Member("b:27017", "RECOVERING")], "warn"),
        ([Member("b:27017", "PRIMARY")], "FAIL"),
    ],
)
def test_a_replica_set_is_well_when_one_leads_and_the_others_keep_up(others: list[Member], state: State) -> None:
    assert stack.judge_replica_set([PRIMARY, *others]).state == state


def test_a_replica_set_that_nobody_leads_is_broken() -> None:
    assert stack.judge_replica_set([Member("a:27017", "SECONDARY"), Member("b:27017", "away")]).state == "FAIL"


@pytest.mark.parametrize(
    ("part", "state", "word"),
    [
        (WHOLE, "ok", "each with a leader"),
        (replace(WHOLE, copies=1, in_step=1), "ok", "each with a leader"),
        (replace(WHOLE, in_step=2), "warn", "under-replicated"),
        (replace(WHOLE, in_step=1), "FAIL", "take no events"),
        (replace(WHOLE, led=False, in_step=0), "FAIL", "offline"),
    ],
)
def test_a_partition_needs_a_leader_and_its_copies(part: Partition, state: State, word: str) -> None:
    finding = stack.judge_partitions([replace(WHOLE, name="engagement.essex-1"), part])

    assert finding.state == state
    assert word in finding.found


@pytest.mark.parametrize(("lag", "state"), [(0, "ok"), (999, "ok"), (1_000, "warn"), (10_000, "FAIL"), (None, "FAIL")])
def test_lag_is_judged_by_how_much_waits(lag: int | None, state: State) -> None:
    assert stack.judge_lag({"kent": lag, "essex": 0}).state == state


@pytest.mark.parametrize(("seconds", "state"), [(3, "ok"), (15, "warn"), (61, "FAIL")])
def test_the_outbox_is_judged_by_its_oldest_event(seconds: float, state: State) -> None:
    finding = stack.judge_outbox({"meetings": Waiting(1, 1.0), "concerns": Waiting(1, seconds)})

    assert finding.state == state
    assert "in concerns" in finding.found
    assert stack.judge_outbox({}).state == "ok"


@pytest.mark.parametrize(("events", "state"), [(9_999, "ok"), (10_000, "warn"), (100_000, "FAIL")])
def test_the_outbox_is_judged_by_how_much_waits_before_writes_are_refused(events: int, state: State) -> None:
    assert stack.judge_outbox({"concerns": Waiting(events, 1.0)}).state == state


def test_a_service_that_refuses_writes_is_named() -> None:
    finding = stack.judge_outbox({"concerns": Waiting(10, 1.0)}, ["concerns"])

    assert (finding.state, finding.found) == ("FAIL", "concerns refuse writes: too much waits for Kafka")


IN_LOG = Standing("readmodel", "engagement.kent", 0, 7, 0, 7)


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (IN_LOG, "ok"),
        (replace(IN_LOG, offset=8), "FAIL"),
        (replace(IN_LOG, offset=2, start=3), "FAIL"),
        (replace(IN_LOG, stopped="the topic was made anew"), "FAIL"),
        # What Kafka does not tell, the lines of the ports and partitions say.
        (replace(IN_LOG, start=None, end=None), "ok"),
    ],
)
def test_a_position_outside_its_log_and_one_that_was_stopped_are_broken(standing: Standing, state: State) -> None:
    finding = stack.judge_positions([IN_LOG, standing])

    assert finding.state == state
    assert "engagement.kent-0 in readmodel" in finding.found or state == "ok"


@pytest.mark.parametrize(("count", "state"), [(0, "ok"), (1, "warn"), (500, "FAIL")])
def test_a_parked_event_is_never_well(count: int, state: State) -> None:
    assert stack.judge_parked({"readmodel": count, "notifications": 0}).state == state


@pytest.mark.parametrize(
    ("there", "state", "word"),
    [
        (COMPLETE, "ok", "1 forces"),
        (replace(COMPLETE, topics={}), "FAIL", "kent has no topic"),
        (replace(COMPLETE, topics={"kent": 6}), "FAIL", "6 partitions, not 3"),
        (replace(COMPLETE, keys=frozenset()), "FAIL", "kent has no key"),
        (replace(COMPLETE, topics={"kent": 3, "essex": 3}), "warn", "essex"),
        (replace(COMPLETE, keys=frozenset({"kent", "essex"})), "warn", "essex"),
    ],
)
def test_registry_topics_and_keys_belong_together(there: Belongings, state: State, word: str) -> None:
    finding = stack.judge_belongings(there)

    assert finding.state == state
    assert word in finding.found


def test_a_service_that_is_not_ready_is_named_with_its_reason() -> None:
    finding = stack.judge_services({"meetings": None, "readmodel": "kafka: no broker answers"})

    assert finding.state == "FAIL"
    assert finding.found == "not ready: readmodel (kafka: no broker answers)"


def test_a_broker_that_names_no_level_is_not_taken_to_have_one() -> None:
    with pytest.raises(LookupError):
        levels_in(bytes.fromhex("000000010000010000000000"))
