"""People who ask: what their tokens grant, what of it was revoked, and so what they hold, said again without the product's code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.leaks.marks import Mark, Needs

ROLES = ("reader", "sensitive_reader", "recorder", "publisher", "subscriber", "operator", "controller")
READING = frozenset({"reader", "sensitive_reader"})
OPENING = READING | {"recorder"}
LISTENING = READING | {"subscriber"}
EVERYWHERE = -1
"""The number of no force, which stands for all of them."""
Grants = Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Person:
    """Someone with a token.

    Attributes:
        grants: the roles that the token names, by the number of the force.
        revoked: what was taken away since; no roles stand for all of them.
        token: `good`, or what is wrong with it.
    """

    grants: Grants = field(default_factory=dict)
    revoked: Grants = field(default_factory=dict)
    token: str = "good"

    def roles(self, force: int) -> frozenset[str]:
        """What the person holds in a force now."""
        if self.token != "good":
            return frozenset()
        held = self.grants.get(force, frozenset()) | (self.grants.get(EVERYWHERE, frozenset()) & READING)
        for where in (force, EVERYWHERE):
            if where in self.revoked:
                held = held - self.revoked[where] if self.revoked[where] else frozenset()
        return held


@dataclass(frozen=True)
class Held:
    """The roles of a person by the slug of the force; forces in which there are none are left out."""

    roles: Mapping[str, frozenset[str]]

    def may_see(self, mark: Mark, *, public: bool = False, then: bool = False) -> bool:
        """Whether a mark may stand in an answer.

        Args:
            mark: what stands there.
            public: whether the answer is the page for everyone.
            then: whether it may have been sent before the record became sensitive.
        """
        needs, held = mark.before if then else mark.needs, self.roles.get(mark.force, frozenset())
        if needs is Needs.PUBLISHED and public:
            return True
        enough = {Needs.OPENING: OPENING, Needs.SENSITIVE: {"sensitive_reader"}, Needs.SUBSCRIBER: {"subscriber"}, Needs.NOBODY: set()}
        return not held.isdisjoint(enough.get(needs, ROLES))


def certain(forces: int) -> list[Person]:
    """People who are there in every world: nobody, impostors, one of each role, those who read everywhere, and those revoked."""
    every = [Person({force: frozenset({role})}) for force in range(forces) for role in ROLES]
    broken = [Person({0: frozenset(ROLES)}, token=wrong) for wrong in ("absent", "garbage", "expired", "forged")]
    nation = [Person({EVERYWHERE: frozenset(roles)}) for roles in (["reader"], ["sensitive_reader"], ROLES)]
    gone = [
        Person({0: frozenset(ROLES), 1: frozenset({"reader"})}, {0: frozenset()}),
        Person({EVERYWHERE: READING}, {EVERYWHERE: frozenset()}),
    ]
    partly = [
        Person({EVERYWHERE: READING}, {0: frozenset()}),
        Person({0: frozenset(ROLES)}, {0: frozenset({"sensitive_reader"})}),
        Person({0: READING, EVERYWHERE: READING}, {EVERYWHERE: frozenset({"sensitive_reader"})}),
    ]
    return [Person(), *broken, *every, *nation, *gone, *partly]


def people(forces: int) -> st.SearchStrategy[Person]:
    """Any mix of roles in any forces, some of it revoked."""
    where = st.sampled_from([*range(forces), *range(forces), EVERYWHERE])
    some = st.frozensets(st.sampled_from(ROLES), min_size=1, max_size=4)
    taken = st.frozensets(st.sampled_from(ROLES), max_size=2)
    return st.builds(
        Person, st.dictionaries(where, some, max_size=forces), st.one_of(st.just({}), st.dictionaries(where, taken, max_size=1))
    )


def held(person: Person, forces: Sequence[str]) -> Held:
    """What someone holds, by the names of the forces."""
    return Held({slug: roles for number, slug in enumerate(forces) if (roles := person.roles(number))})
