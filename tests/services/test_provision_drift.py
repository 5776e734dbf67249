"""What somebody changed by hand is shown and mended by the file that said how it should be."""

from collections.abc import Callable

import pytest

from contracts.topics import topic
from roundtable.provisioning import acls, rights, scram
from roundtable.provisioning.forces import force_rules
from roundtable.provisioning.topics import set_back
from tests.services.applying import Operator, by_hand, changes
from tests.services.intruders import Identity

Harm = Callable[[Operator], str]
"""Does something to the installation; the line that tells of it."""


def _is_set(operator: Operator, setting: str, value: str, right: str) -> str:
    set_back(operator.desk.kafka, topic(operator.place.force), setting, value)
    return f"~ topic {topic(operator.place.force)} {setting}: {value} becomes {right}"


def keeps_for_a_day(operator: Operator) -> str:
    return _is_set(operator, "retention.ms", "86400000", "-1")


def keeps_a_megabyte(operator: Operator) -> str:
    return _is_set(operator, "retention.bytes", "1048576", "-1")


def keeps_the_newest_of_each_key(operator: Operator) -> str:
    return _is_set(operator, "cleanup.policy", "compact", "delete")


def writes_when_no_copy_would_do(operator: Operator) -> str:
    return _is_set(operator, "min.insync.replicas", "2", "1")


def takes_a_rule_from_a_service(operator: Operator) -> str:
    rule = next(rule for rule in force_rules(operator.place.force) if acls.user_of(rule) == "readmodel")
    acls.take_away(operator.desk.kafka, [rule])
    return f"+ acl {acls.sentence(rule)}"


def lets_a_service_write_that_reads(operator: Operator) -> str:
    (rule, *_) = acls.may_write("notifications", topic(operator.place.force))
    acls.allow(operator.desk.kafka, [rule])
    return f"- acl User:notifications WRITE topic {topic(operator.place.force)}"


def lets_a_service_read_every_topic(operator: Operator) -> str:
    acls.allow(operator.desk.kafka, [by_hand("meetings", "*")])
    return "- acl User:meetings READ topic *"


def lets_notifications_read_keys(operator: Operator) -> str:
    keys = f"{operator.place.prefix}keys"
    rights.grant(operator.place.engines.provisioning.mongo, "notifications", [("read", keys)])
    return f"- role read on {keys} for notifications"


def lets_meetings_do_everything(operator: Operator) -> str:
    rights.grant(operator.place.engines.provisioning.mongo, "meetings", [("root", "admin")])
    return "- role root on admin for meetings"


def takes_keys_from_the_read_model(operator: Operator) -> str:
    keys = f"{operator.place.prefix}keys"
    rights.take_roles(operator.place.engines.provisioning.mongo, "readmodel", [("read", keys)])
    return f"+ role read on {keys} for readmodel"


def lets_the_command_line_remove(operator: Operator) -> str:
    privilege = {"resource": {"db": f"{operator.place.prefix}meetings", "collection": "outbox"}, "actions": ["remove"]}
    operator.place.engines.provisioning.mongo.admin.command("updateRole", f"{operator.place.prefix}mending", privileges=[privilege])
    return "~ role mending in MongoDB"


def takes_the_password_of_a_service(operator: Operator) -> str:
    scram.remove_user(operator.desk.kafka, "notifications")
    return "+ user notifications in Kafka"


@pytest.mark.parametrize(
    "harm",
    [
        keeps_for_a_day,
        keeps_a_megabyte,
        keeps_the_newest_of_each_key,
        writes_when_no_copy_would_do,
        takes_a_rule_from_a_service,
        lets_a_service_write_that_reads,
        lets_a_service_read_every_topic,
        lets_notifications_read_keys,
        lets_meetings_do_everything,
        takes_keys_from_the_read_model,
        lets_the_command_line_remove,
        takes_the_password_of_a_service,
    ],
)
def test_what_somebody_changed_by_hand_is_shown_and_mended(operator: Operator, harm: Harm) -> None:
    said = {"forces": [operator.place.force]}
    assert changes(operator.applies(said, "--dry-run")) == []
    line = harm(operator)

    dry, done, again = operator.applies(said, "--dry-run"), operator.applies(said), operator.applies(said, "--dry-run")

    assert (dry.exit_code, changes(dry)) == (2, [line])
    assert (done.exit_code, changes(done)) == (0, [line])
    assert (again.exit_code, changes(again)) == (0, [])


def test_a_service_signs_in_as_before_when_its_user_was_made_again(operator: Operator) -> None:
    takes_the_password_of_a_service(operator)
    operator.applies({"forces": [operator.place.force]})

    mended = Identity(operator.place.engines.kafka_client("notifications"), "notifications", topic(operator.place.force))

    assert topic(operator.place.force) in mended.admin().list_topics(timeout=10).topics
