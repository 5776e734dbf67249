"""Takes a consumer's Kafka identity away: it stops reading at once, and never signs in again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from roundtable.errors import OperatorError
from roundtable.provisioning import acls, scram
from roundtable.provisioning.consumers import refuse_reserved
from roundtable.provisioning.desk import ANSWER_SECONDS, Provisioning

_REVOKED: Final = "revoked_consumers"


@dataclass(frozen=True)
class Revocation:
    """What came of taking an identity away.

    Attributes:
        again: whether there was nothing left to take.
        groups_left: its groups that Kafka did not remove, each with why: as a rule an open connection is still a member.
    """

    again: bool
    groups_left: dict[str, str] = field(default_factory=dict)


def revoke_consumer(desk: Provisioning, name: str) -> Revocation:
    """End an identity: its access rules first, which open connections meet at their next request, then its password, then its groups.

    What was begun and interrupted is finished by the same call.

    Raises:
        OperatorError: there never was such a consumer, or it is an identity of Roundtable itself.
    """
    refuse_reserved(name)
    held = acls.rules(desk.kafka, name)
    known = bool(held) or scram.has_user(desk.kafka, name)
    if not known and not _was_revoked(desk, name):
        message = f"there is no consumer {name}: `roundtable provision show` names those there are"
        raise OperatorError(message)
    if known:
        _remember(desk, name)
    acls.take_away(desk.kafka, held)
    scram.remove_user(desk.kafka, name)
    return Revocation(not known, dict(_groups_left(desk.kafka, name)))


def _was_revoked(desk: Provisioning, name: str) -> bool:
    return desk.database("registry")[_REVOKED].find_one({"_id": name}) is not None


def _remember(desk: Provisioning, name: str) -> None:
    """Kafka forgets it wholly; that it was there once tells a second revocation from a slip of the pen."""
    line = {"revoked_at": datetime.now(UTC)}
    desk.database("registry")[_REVOKED].update_one({"_id": name}, {"$set": line}, upsert=True)


def _groups_left(kafka: AdminClient, name: str) -> Iterator[tuple[str, str]]:
    """Remove its groups; those that could not be removed, and why."""
    listed = kafka.list_consumer_groups().result(ANSWER_SECONDS).valid
    own = [each.group_id for each in listed if each.group_id == name or each.group_id.startswith(f"{name}.")]
    answers = kafka.delete_consumer_groups(own) if own else {}
    for group, answer in answers.items():
        try:
            answer.result(ANSWER_SECONDS)
        except KafkaException as refusal:
            yield group, refusal.args[0].str()
