"""Kafka's access rules, each a sentence: this user may do these things to that resource."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from roundtable.provisioning.desk import ANSWER_SECONDS, settle, until

_ANY_HOST = "*"
_CLUSTER = "kafka-cluster"


def may_write(user: str, topic: str) -> list[AclBinding]:
    """To add to a topic."""
    return [_topic(user, topic, AclOperation.WRITE), _topic(user, topic, AclOperation.DESCRIBE)]


def may_read(user: str, topic: str) -> list[AclBinding]:
    """To read a topic."""
    return [_topic(user, topic, AclOperation.READ), _topic(user, topic, AclOperation.DESCRIBE)]


def may_join(user: str, group: str) -> AclBinding:
    """To read as this consumer group."""
    return _allow(user, ResourceType.GROUP, group, AclOperation.READ)


def may_join_below(user: str, prefix: str) -> AclBinding:
    """To read as any consumer group whose name starts so."""
    return _allow(user, ResourceType.GROUP, prefix, AclOperation.READ, ResourcePatternType.PREFIXED)


def may_be_idempotent(user: str) -> AclBinding:
    """To write as an idempotent producer, which Kafka's authorizer asks of the cluster."""
    return _allow(user, ResourceType.BROKER, _CLUSTER, AclOperation.IDEMPOTENT_WRITE)


def allow(kafka: AdminClient, bindings: Iterable[AclBinding]) -> None:
    """Add the rules that are not there yet, and wait until the broker goes by them."""
    wanted = list(bindings)
    settle(kafka.create_acls(wanted))
    until(lambda: _in_force(kafka, wanted), "Kafka's access rules take effect")


def allow_only(kafka: AdminClient, user: str, bindings: list[AclBinding]) -> None:
    """Hold a user to exactly these rules; what it may keep is never interrupted."""
    allow(kafka, bindings)
    surplus = [rule for rule in _rules_of(kafka, user) if rule not in bindings]
    if surplus:
        settle(kafka.delete_acls([_exactly(rule) for rule in surplus]))


def readable_topics(kafka: AdminClient, user: str) -> list[str]:
    """The topics that a user may read, in order."""
    rules = [rule for rule in _rules_of(kafka, user) if (rule.restype, rule.operation) == (ResourceType.TOPIC, AclOperation.READ)]
    return sorted({str(rule.name) for rule in rules})


def _in_force(kafka: AdminClient, wanted: list[AclBinding]) -> bool:
    """Whether the broker knows the rules; the controller, which has taken them, tells it a moment later."""
    users = {rule.principal.removeprefix("User:") for rule in wanted}
    known = [rule for user in users for rule in _rules_of(kafka, user)]
    return all(rule in known for rule in wanted)


def _rules_of(kafka: AdminClient, user: str) -> list[AclBinding]:
    any_name: Any = None  # what the client takes, whatever its annotation says
    everything = AclBindingFilter(
        ResourceType.ANY,
        any_name,
        ResourcePatternType.ANY,
        f"User:{user}",
        any_name,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    found: list[AclBinding] = kafka.describe_acls(everything).result(ANSWER_SECONDS)
    return found


def _exactly(rule: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        rule.restype,
        rule.name,
        rule.resource_pattern_type,
        rule.principal,
        rule.host,
        rule.operation,
        rule.permission_type,
    )


def _topic(user: str, topic: str, operation: AclOperation) -> AclBinding:
    return _allow(user, ResourceType.TOPIC, topic, operation)


def _allow(
    user: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", _ANY_HOST, operation, AclPermissionType.ALLOW)
