"""Roundtable's own identities in both engines: each with what its work takes, and nothing else."""

from collections.abc import Iterator
from functools import partial

from confluent_kafka.admin import AclBinding

from contracts.topics import force_of
from roundtable.desired.change import Bench, Change
from roundtable.desired.file import Desired
from roundtable.desired.found import Found
from roundtable.desired.rules import rule_changes
from roundtable.provisioning import acls, rights
from roundtable.provisioning.forces import force_rules
from roundtable.provisioning.services import SERVICES, make_kafka_users, standing_rules


def kafka_changes(desired: Desired, found: Found) -> Iterator[Change]:
    """Users of the services that are missing in Kafka, and rules of theirs that are missing or too many."""
    for user in SERVICES:
        if user not in found.users:
            yield Change("+", f"user {user} in Kafka", partial(_make_kafka_user, user=user))
    # A force that is yet to be added brings its rules along.
    registered = [slug for slug in desired.forces if slug in found.forces]
    wanted = [*standing_rules(), *(rule for slug in registered for rule in force_rules(slug))]
    for user in SERVICES:
        yield from rule_changes(found.rules.get(user, ()), [rule for rule in wanted if acls.user_of(rule) == user], _is_of_a_force)


def mongo_changes(found: Found) -> Iterator[Change]:
    """Users that are missing in MongoDB, and roles of theirs that are missing or too many."""
    if not found.mending:
        yield Change("~", "role mending in MongoDB", _define_mending)
    for user in rights.RIGHTS:
        if user in found.roles:
            yield from _role_changes(user, found)
        else:
            yield Change("+", f"user {user} in MongoDB", partial(_make_user, user=user))


def _is_of_a_force(rule: AclBinding) -> bool:
    """Whether a service needs the rule for some force: one that the file does not name keeps its own."""
    return rule in force_rules(force_of(str(rule.name)))


def _role_changes(user: str, found: Found) -> Iterator[Change]:
    has = found.roles[user]
    for role in rights.roles_of(user, found.prefix):
        if role not in has:
            yield Change("+", f"role {_words(role)} for {user}", partial(_grant, user=user, role=role))
    for role in rights.surplus(user, has, found.prefix):
        yield Change("-", f"role {_words(role)} for {user}", partial(_take, user=user, role=role))


def _words(role: rights.Role) -> str:
    return f"{role[0]} on {role[1]}"


def _make_kafka_user(bench: Bench, user: str) -> None:
    make_kafka_users(bench.desk.kafka, bench.passwords, [user])


def _define_mending(bench: Bench) -> None:
    rights.define_mending(bench.administrator, bench.desk.database_prefix)


def _make_user(bench: Bench, user: str) -> None:
    rights.make_user(bench.administrator, bench.passwords, user, bench.desk.database_prefix)


def _grant(bench: Bench, user: str, role: rights.Role) -> None:
    rights.grant(bench.administrator, user, [role])


def _take(bench: Bench, user: str, role: rights.Role) -> None:
    rights.take_roles(bench.administrator, user, [role])
