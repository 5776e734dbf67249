"""Who looks at the read model, and what the registry grants them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Self

from fastapi import Depends, Request

from chassis.admission import ANY_GRANT
from chassis.principal import Principal, Role
from chassis.problems import Refusal
from chassis.registry import Registry
from chassis.visit import Visiting

NONE: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Reader:
    """A principal's grants as they stand at one moment. Make a new one for each request; never keep one.

    Attributes:
        subject: who looks.
        roles: the roles held in each registered force in which there is a grant.
    """

    subject: str
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    @classmethod
    def of(cls, registry: Registry, principal: Principal) -> Self:
        """What a principal may do now."""
        granted = registry.granted(principal, ANY_GRANT)
        return cls(principal.subject, {force: registry.roles(principal, force) for force in granted})

    @property
    def forces(self) -> tuple[str, ...]:
        """The forces in which there is a grant, in order."""
        return tuple(self.roles)

    def roles_in(self, force: str) -> frozenset[Role]:
        """The roles in a force; none without a grant."""
        return self.roles.get(force, NONE)

    def scope(self, asked: Sequence[str]) -> tuple[str, ...]:
        """The forces that are asked for, or all granted ones when none is.

        Raises:
            Refusal: 403 when one of them is not granted, whether it is registered or not, and when none is at all.
        """
        if not asked and not self.roles:
            raise Refusal(403, "not-granted", "You have no grant for any force")
        if any(force not in self.roles for force in asked):
            raise Refusal(403, "not-granted", "You have no grant for this force")
        return tuple(sorted(set(asked))) if asked else self.forces


async def reader(visit: Visiting) -> Reader:
    """The reader of an admitted request."""
    return Reader.of(visit.runtime.registry, visit.principal)


Reading = Annotated[Reader, Depends(reader)]


async def scope(reading: Reading, request: Request) -> tuple[str, ...]:
    """The forces of `?force=`, or all granted ones; judged before anything else in the request is."""
    return reading.scope(request.query_params.getlist("force"))


Scope = Annotated[tuple[str, ...], Depends(scope)]
