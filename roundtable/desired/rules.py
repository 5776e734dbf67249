"""Access rules in Kafka: those that somebody shall have, against those that somebody has."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from confluent_kafka.admin import AclBinding

from roundtable.desired.change import Bench, Change
from roundtable.provisioning import acls


def rule_changes(has: Iterable[AclBinding], shall: Iterable[AclBinding], keeps: Callable[[AclBinding], bool]) -> Iterator[Change]:
    """Rules that are missing, and rules too many.

    A denial is never taken away: whoever made it by hand meant to shut somebody out.

    Args:
        has: the rules that there are.
        shall: those that there shall be.
        keeps: whether a rule may stay, though it is none of those.
    """
    held, wanted = list(has), list(shall)
    yield from (Change("+", f"acl {acls.sentence(rule)}", partial(_allow, rule=rule)) for rule in wanted if rule not in held)
    too_many = [rule for rule in held if rule not in wanted and not acls.is_denial(rule) and not keeps(rule)]
    yield from (Change("-", f"acl {acls.sentence(rule)}", partial(_take, rule=rule)) for rule in too_many)


def _allow(bench: Bench, rule: AclBinding) -> None:
    acls.allow(bench.desk.kafka, [rule])


def _take(bench: Bench, rule: AclBinding) -> None:
    acls.take_away(bench.desk.kafka, [rule])
