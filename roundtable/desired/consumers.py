"""Consumers: those that the file names, with one force's rules each, and those that it says are to be removed."""

from collections.abc import Iterator
from functools import partial

from roundtable.credentials import password, write_once
from roundtable.desired.change import Bench, Change
from roundtable.desired.file import Desired
from roundtable.desired.found import Found
from roundtable.desired.rules import rule_changes
from roundtable.errors import OperatorError
from roundtable.provisioning import scram
from roundtable.provisioning.consumers import consumer_rules, forget_properties, properties_file
from roundtable.provisioning.revoking import revoke_consumer


def removals(desired: Desired, found: Found) -> Iterator[Change]:
    """Consumers that the file says there may be no more."""
    for name in desired.remove.consumers:
        if name in found.consumers:
            yield Change("-", f"consumer {name}", partial(_remove, name=name))


def consumer_changes(desired: Desired, found: Found) -> Iterator[Change]:
    """Consumers that are missing, and rules of those that are there."""
    for each in desired.consumers:
        if each.name not in found.users:
            what = f"consumer {each.name}, whose client.properties are {properties_file(found.credentials, each.name)}"
            yield Change("+", what, partial(_make, name=each.name))
        yield from rule_changes(found.rules.get(each.name, ()), consumer_rules(each.name, each.force), lambda _: False)


def refuse_used_credentials(desired: Desired, found: Found) -> None:
    """Raise OperatorError where a new consumer's file is there already: an old password is never given out again."""
    used = [each.name for each in desired.consumers if each.name not in found.users and each.name in found.written]
    if used:
        files = ", ".join(str(properties_file(found.credentials, name)) for name in used)
        message = f"{files} is of an identity that Kafka does not have: move it away, so that a new one can be written"
        raise OperatorError(message)


def _make(bench: Bench, name: str) -> None:
    """Write the file first: a password that Kafka has and nobody knows would be of no use."""
    secret = password()
    if not write_once(properties_file(bench.credentials, name), bench.properties(name, secret)):
        message = f"{properties_file(bench.credentials, name)} was written a moment ago by somebody else: run this again"
        raise OperatorError(message)
    scram.set_passwords(bench.desk.kafka, {name: secret})


def _remove(bench: Bench, name: str) -> None:
    revoke_consumer(bench.desk, name)
    forget_properties(bench.credentials, name)
