"""What may be tried on Kafka itself: topics, settings, access rules and users."""

from typing import Any, Final

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from roundtable.provisioning.acls import may_read
from tests.services.intruders import Attacks, Identity, Target, kept_in

ON_KAFKA: Final[Attacks] = {}
attack = kept_in(ON_KAFKA)


@attack
def makes_a_topic(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.create_topics([NewTopic(f"{on.topic}-copy", 1, 1)]))


@attack
def adds_partitions_to_its_topic(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.create_partitions([NewPartitions(on.topic, 4)]))


@attack
def reads_the_settings_of_its_topic(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.describe_configs([ConfigResource(ResourceType.TOPIC, on.topic)]))


@attack
def sets_how_long_its_topic_keeps(by: Identity, on: Target) -> None:
    _set(by, ConfigResource(ResourceType.TOPIC, on.topic, incremental_configs=[_setting("retention.ms", "1000000")]))


@attack
def reads_the_settings_of_a_broker(by: Identity, on: Target) -> None:
    del on
    by.asks(lambda kafka: kafka.describe_configs([ConfigResource(ResourceType.BROKER, "1")]))


@attack
def changes_a_setting_of_a_broker(by: Identity, on: Target) -> None:
    del on
    _set(by, ConfigResource(ResourceType.BROKER, "1", incremental_configs=[_setting("log.cleaner.threads", "1")]))


@attack
def allows_itself_to_read_it(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.create_acls(may_read(by.group, on.topic)))


@attack
def allows_everyone_to_read_it(by: Identity, on: Target) -> None:
    anyone = ("User:*", "*", AclOperation.READ, AclPermissionType.ALLOW)
    by.asks(lambda kafka: kafka.create_acls([AclBinding(ResourceType.TOPIC, f"{on.topic}-copy", ResourcePatternType.LITERAL, *anyone)]))


@attack
def takes_its_rules_away(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.delete_acls([_rules_of(on.user)]))


@attack
def makes_a_user(by: Identity, on: Target) -> None:
    _set_password(by, f"{on.user}-2")


@attack
def sets_the_password_of_a_user(by: Identity, on: Target) -> None:
    _set_password(by, on.user)


@attack
def removes_a_user(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.alter_user_scram_credentials([UserScramCredentialDeletion(on.user, ScramMechanism.SCRAM_SHA_512)]))


@attack
def deletes_its_topic(by: Identity, on: Target) -> None:
    by.asks(lambda kafka: kafka.delete_topics([on.topic]))


def _set(by: Identity, resource: ConfigResource) -> None:
    by.asks(lambda kafka: kafka.incremental_alter_configs([resource]))


def _setting(name: str, value: str) -> ConfigEntry:
    source = ConfigSource.DYNAMIC_TOPIC_CONFIG
    return ConfigEntry(name, value, source=source, incremental_operation=AlterConfigOpType.SET)


def _set_password(by: Identity, user: str) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192)
    by.asks(lambda kafka: kafka.alter_user_scram_credentials([UserScramCredentialUpsertion(user, info, b"known-to-the-attacker")]))


def _rules_of(user: str) -> AclBindingFilter:
    any_name: Any = None  # what the client takes, whatever its annotation says
    any_rule = (any_name, AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(ResourceType.ANY, any_name, ResourcePatternType.ANY, f"User:{user}", *any_rule)
