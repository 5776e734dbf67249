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
_PRINCIPAL = "User:"
_READING = {AclOperation.READ, AclOperation.ALL}
_KINDS = {ResourceType.BROKER: "cluster"}


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
    take_away(kafka, [rule for rule in rules(kafka, user) if rule not in bindings])


def take_away(kafka: AdminClient, surplus: Iterable[AclBinding]) -> None:
    """Delete these rules, and wait until the broker goes by them no more."""
    gone = list(surplus)
    if gone:
        settle(kafka.delete_acls([_exactly(rule) for rule in gone]))
        until(lambda: not _known(kafka, gone), "Kafka's access rules end")


def readable_topics(kafka: AdminClient, user: str) -> list[str]:
    """The topics that a user may read, in order."""
    return topics_read(rules(kafka, user))


def topics_read(known: Iterable[AclBinding]) -> list[str]:
    """The topics that these rules let somebody read, in order; `engagement.*` is every one whose name begins so."""
    allowing = [rule for rule in known if rule.restype == ResourceType.TOPIC and not is_denial(rule)]
    return sorted({_name(rule) for rule in allowing if rule.operation in _READING})


def rules(kafka: AdminClient, user: str | None = None) -> list[AclBinding]:
    """The rules of a user, or of everyone."""
    any_name: Any = None  # what the client takes, whatever its annotation says
    everything = AclBindingFilter(
        ResourceType.ANY,
        any_name,
        ResourcePatternType.ANY,
        _principal(user) if user else any_name,
        any_name,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    found: list[AclBinding] = kafka.describe_acls(everything).result(ANSWER_SECONDS)
    return found


def user_of(rule: AclBinding) -> str:
    """Whom a rule is for; `*` is everyone."""
    return str(rule.principal).removeprefix(_PRINCIPAL)


def is_denial(rule: AclBinding) -> bool:
    """Whether a rule forbids what others may allow."""
    return bool(rule.permission_type == AclPermissionType.DENY)


def sentence(rule: AclBinding) -> str:
    """A rule in words: `User:kent-bi READ topic engagement.kent`."""
    operation, kind = AclOperation(rule.operation).name, ResourceType(rule.restype)
    verb = f"DENY {operation}" if is_denial(rule) else operation
    where = "" if rule.host == _ANY_HOST else f" from {rule.host}"
    return f"{rule.principal} {verb} {_KINDS.get(kind, kind.name.lower())} {_name(rule)}{where}"


def _in_force(kafka: AdminClient, wanted: list[AclBinding]) -> bool:
    """Whether the broker knows the rules; the controller, which has taken them, tells it a moment later."""
    return len(_known(kafka, wanted)) == len(wanted)


def _known(kafka: AdminClient, asked: list[AclBinding]) -> list[AclBinding]:
    known = [rule for user in {user_of(rule) for rule in asked} for rule in rules(kafka, user)]
    return [rule for rule in asked if rule in known]


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


def _principal(user: str) -> str:
    return f"{_PRINCIPAL}{user}"


def _name(rule: AclBinding) -> str:
    prefixed = rule.resource_pattern_type == ResourcePatternType.PREFIXED
    return f"{rule.name}*" if prefixed else str(rule.name)


def _topic(user: str, topic: str, operation: AclOperation) -> AclBinding:
    return _allow(user, ResourceType.TOPIC, topic, operation)


def _allow(
    user: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, _principal(user), _ANY_HOST, operation, AclPermissionType.ALLOW)
