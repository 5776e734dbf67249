"""How long a broker may keep a fetch waiting for new events: long while all partitions are in it, shortly while one is left out.

A client has one fetch under way to each broker, and leaves out of it the partitions whose data it still holds. New data of those waits
until that fetch has ended. With every partition in it, a fetch ends as soon as there is something; until then each one that ends with
nothing costs client and broker the whole list of partitions.
"""

from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher

PATIENT_MILLISECONDS: Final = 250
HURRIED_MILLISECONDS: Final = 25


class PatientConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """A consumer that asks idle brokers four times a second instead of forty."""

    async def start(self) -> None:
        """Connect. The client has no setting that depends on what it holds, so its fetcher is given one."""
        await super().start()
        self._fetcher.__class__ = _PatientFetcher


class _PatientFetcher(Fetcher):  # type: ignore[misc]  # as above
    @property
    def _fetch_max_wait_ms(self) -> int:
        return HURRIED_MILLISECONDS if self._records else PATIENT_MILLISECONDS

    @_fetch_max_wait_ms.setter
    def _fetch_max_wait_ms(self, setting: int) -> None:
        del setting
