"""Parcels: a key goes to the partition that every other client of Kafka would choose."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from chassis.parcels import partition_of
from tests.builders import new_id

KEYS = st.binary(max_size=40) | st.builds(lambda: new_id().encode())


@given(KEYS, st.integers(1, 50))
def test_a_key_has_the_partition_that_kafka_gives_it(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))

    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)
