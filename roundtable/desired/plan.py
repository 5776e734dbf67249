"""All that is to be done, in an order in which each thing finds what it needs; and what is left as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from roundtable.desired.change import Change
from roundtable.desired.consumers import consumer_changes, refuse_used_credentials, removals
from roundtable.desired.file import Desired
from roundtable.desired.forces import force_changes, force_faults, refuse_unknown_forces
from roundtable.desired.found import Found
from roundtable.desired.grants import grant_changes
from roundtable.desired.services import kafka_changes, mongo_changes
from roundtable.provisioning import acls
from roundtable.provisioning.rights import RIGHTS

EVERYONE: Final = "*"
"""The user of rules that are for everyone."""


@dataclass(frozen=True)
class Plan:
    """What a file and an installation come to.

    Attributes:
        changes: what makes the installation as the file says.
        left: what is there and the file does not name; it stays.
        faults: what is wrong and nothing here can mend.
    """

    changes: tuple[Change, ...]
    left: tuple[str, ...]
    faults: tuple[str, ...]


def plan(desired: Desired, found: Found) -> Plan:
    """What is to be done; nothing is done by this.

    Raises:
        OperatorError: the file asks for what cannot be.
    """
    refuse_unknown_forces(desired, found)
    refuse_used_credentials(desired, found)
    return Plan(tuple(_changes(desired, found)), tuple(_left(desired, found)), tuple(force_faults(desired, found)))


def _changes(desired: Desired, found: Found) -> Iterator[Change]:
    """Who shall be shut out is at once; rules and roles that are too much go before anything is made, which may fail."""
    yield from removals(desired, found)
    yield from grant_changes(desired, found)
    rest = (force_changes(desired, found), kafka_changes(desired, found), mongo_changes(found), consumer_changes(desired, found))
    yield from sorted((change for each in rest for change in each), key=lambda change: change.sign != "-")


def _left(desired: Desired, found: Found) -> Iterator[str]:
    consumers = {each.name for each in desired.consumers}
    for slug in found.forces:
        if slug not in desired.forces:
            yield f"force {slug}"
    for name in found.consumers:
        if name not in consumers | set(desired.remove.consumers):
            yield from _consumer(name, found)
    for subject, force in sorted(found.revoked - {(each.subject, each.force) for each in desired.grants}):
        yield f"revocation of {subject} in {force}"
    for user in sorted(found.roles.keys() - RIGHTS.keys() - {"admin"}):
        yield f"user {user} in MongoDB"
    yield from (f"acl {acls.sentence(rule)}" for name in sorted(consumers) for rule in found.rules.get(name, ()) if acls.is_denial(rule))


def _consumer(name: str, found: Found) -> Iterator[str]:
    rules = found.rules.get(name, ())
    if name == EVERYONE:
        yield from (f"acl {acls.sentence(rule)}" for rule in rules)
    else:
        yield f"consumer {name}, which reads {', '.join(acls.topics_read(rules)) or 'nothing'}"
