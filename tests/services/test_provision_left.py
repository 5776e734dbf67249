"""What a reviewed file does not name is left as it is, and what it cannot mend is told of."""

from confluent_kafka.admin import AclPermissionType, NewTopic

from contracts.topics import topic
from roundtable.provisioning import acls
from roundtable.provisioning.consumers import provision_consumer
from roundtable.provisioning.desk import settle, until
from roundtable.provisioning.grants import revoke_grant
from tests.services.applying import Operator, by_hand, changes, fresh


def test_what_is_there_and_not_named_is_shown_and_left(operator: Operator) -> None:
    force, other, name = operator.place.force, operator.place.add_force(), fresh("unnamed")
    provision_consumer(operator.desk, name, other)
    revoke_grant(operator.desk, "ada", other)
    acls.allow(operator.desk.kafka, [by_hand("*", topic(other))])
    before = operator.all_there_is()

    done = operator.applies({"forces": [force]})

    assert done.exit_code == 0
    assert {
        f"? force {other}: not named, left as it is",
        f"? consumer {name}, which reads {topic(other)}: not named, left as it is",
        f"? revocation of ada in {other}: not named, left as it is",
        f"? acl User:* READ topic {topic(other)}: not named, left as it is",
    } <= set(done.stdout.splitlines())
    assert operator.all_there_is() == before


def test_rules_for_everyone_go_when_the_file_says_so(operator: Operator) -> None:
    acls.allow(operator.desk.kafka, [by_hand("*", topic(operator.place.force))])

    done = operator.applies({"forces": [operator.place.force], "remove": {"consumers": ["*"]}})

    assert (done.exit_code, changes(done)) == (0, ["- consumer *"])
    assert acls.rules(operator.desk.kafka, "*") == []


def test_a_denial_that_somebody_made_by_hand_is_shown_and_left(operator: Operator) -> None:
    name, force = fresh("denied"), operator.place.force
    provision_consumer(operator.desk, name, force)
    denial = by_hand(name, topic(force), AclPermissionType.DENY)
    acls.allow(operator.desk.kafka, [denial])

    done = operator.applies({"forces": [force], "consumers": [{"name": name, "force": force}]})

    assert (done.exit_code, changes(done)) == (0, [])
    assert f"? acl User:{name} DENY READ topic {topic(force)}: not named, left as it is" in done.stdout.splitlines()
    assert denial in acls.rules(operator.desk.kafka, name)


def test_a_consumer_that_is_named_for_another_force_reads_that_one_instead(operator: Operator) -> None:
    name, force, other = fresh("moved"), operator.place.force, operator.place.add_force()
    provision_consumer(operator.desk, name, force)

    done = operator.applies({"forces": [force, other], "consumers": [{"name": name, "force": other}]})

    assert len(changes(done)) == 4
    assert acls.readable_topics(operator.desk.kafka, name) == [topic(other)]


def test_a_topic_of_another_number_of_partitions_is_told_of_and_never_changed(operator: Operator) -> None:
    force, name = operator.place.force, topic(operator.place.force)
    kafka = operator.desk.kafka
    settle(kafka.delete_topics([name]))
    until(lambda: name not in kafka.list_topics(timeout=10).topics, "the topic is gone")
    settle(kafka.create_topics([NewTopic(name, 2, 1)]))
    until(lambda: name in kafka.list_topics(timeout=10).topics, "it is back")

    done = operator.applies({"forces": [force]})

    assert str(done.exception).startswith(f"! {name} has 2 partitions, not 3: their number is never changed")
    assert operator.all_there_is()["topics"][name] == 2
    assert operator.all_there_is()["settings"][name]["retention.ms"] == "-1"


def test_a_topic_that_is_lost_is_told_of_and_never_made_again(operator: Operator) -> None:
    force, name = operator.place.force, topic(operator.place.force)
    settle(operator.desk.kafka.delete_topics([name]))
    until(lambda: name not in operator.desk.kafka.list_topics(timeout=10).topics, "the topic is gone")

    done = operator.applies({"forces": [force]}, "--dry-run")

    assert str(done.exception) == f"! {force} is registered, but Kafka lacks its topic {name}: put Kafka's data back from your backup"
    assert name not in operator.desk.kafka.list_topics(timeout=10).topics


def test_a_force_that_is_none_of_the_45_is_refused_before_anything_is_changed(operator: Operator) -> None:
    before = operator.all_there_is()

    done = operator.applies({"forces": [operator.place.force, "gotham"]})

    assert str(done.exception).startswith("forces: gotham cannot be added: none of the 45 forces, which are avon-and-somerset, ")
    assert operator.all_there_is() == before
