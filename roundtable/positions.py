"""Where services stand in the log, held against the log itself; a partition that was stopped goes on when an operator says where."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import TopicPartition

from roundtable import log_offsets
from roundtable.errors import OperatorError
from roundtable.live_model import of_live
from roundtable.provisioning import Provisioning
from roundtable.provisioning.services import READERS


@dataclass(frozen=True)
class Standing:
    """Where a service stands in a partition, where that begins and ends, and why it does not go on.

    Attributes:
        start: offset of the log's first event; None where Kafka does not tell.
        end: offset after its last one.
        stopped: why the service stopped it; None where it reads on.
    """

    service: str
    topic: str
    partition: int
    offset: int
    start: int | None
    end: int | None
    stopped: str | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.topic}-{self.partition} in {self.service}"

    @property
    def outside(self) -> bool:
        """Whether the position is outside the log."""
        return self.start is not None and self.end is not None and not self.start <= self.offset <= self.end


def standings(desk: Provisioning) -> list[Standing]:
    """Where every service stands in every partition."""
    found = [
        (service, each) for service in READERS for each in desk.database(service)["positions"].find(of_live(desk, service)).sort("_id")
    ]
    places = [TopicPartition(each["topic"], each["partition"]) for _, each in found]
    starts, ends = _known(log_offsets.first(desk.kafka, places)), _known(log_offsets.after_last(desk.kafka, places))
    return [
        Standing(
            service,
            each["topic"],
            each["partition"],
            each["offset"],
            starts.get((each["topic"], each["partition"])),
            ends.get((each["topic"], each["partition"])),
            (each.get("stopped") or {}).get("why"),
        )
        for service, each in found
    ]


def resume(desk: Provisioning, service: str, topic: str, partition: int, *, from_start: bool) -> int:
    """Let a service read a partition on, from where it stands or from the beginning of the log; the offset.

    Raises:
        OperatorError: the partition is not stopped, or the log still does not hold the position.
    """
    known = [each for each in standings(desk) if (each.service, each.topic, each.partition) == (service, topic, partition) and each.stopped]
    if not known:
        message = f"{topic}-{partition} is not stopped in {service}: `roundtable positions list` shows what is"
        raise OperatorError(message)
    (at,) = known
    if at.start is None or (at.outside and not from_start):
        message = f"the log of {topic}-{partition} does not hold the position {at.offset}: restore the log, or read it --from-start"
        raise OperatorError(message)
    offset = at.start if from_start else at.offset
    where = of_live(desk, service) | {"topic": topic, "partition": partition, "offset": at.offset}
    desk.database(service)["positions"].update_one(where, {"$set": {"offset": offset}, "$unset": {"stopped": ""}})
    return offset


def _known(answers: Mapping[tuple[str, int], Future[Any]]) -> dict[tuple[str, int], int]:
    """What Kafka told; of a partition that is not there it tells nothing."""
    return {place: answer.result().offset for place, answer in answers.items() if answer.exception() is None}
