"""What every aggregate's state has in common, and how its fields divide into frame, clear and sealed."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from contracts.demands import AtMost, Distinct, OneOfTheForces
from contracts.entry import MISSING, UNKNOWN, Entering, entering, is_needed, refuse
from contracts.fields import Clear, Confidentiality, Flag, ForceSlug, Frame, Id, Instant, kept


def _say_what_is_needed(schema: dict[str, Any], model: "type[Facts]") -> None:
    schema["x-needed"] = sorted(needed_fields(model))
    schema["x-always"] = sorted(model.always)


class Facts(BaseModel):
    """Part of a state that a caller may enter. Stored, it keeps fields that it does not know; entered, it refuses them."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        protected_namespaces=(),
        use_attribute_docstrings=True,
        json_schema_extra=_say_what_is_needed,
    )

    also_needed: ClassVar[frozenset[str]] = frozenset()
    """Inherited fields that must be entered here, though not everywhere."""
    always: ClassVar[frozenset[str]] = frozenset()
    """Fields that are set as long as the thing is there: they are optional in the type only because a redacted state lacks them."""

    @model_validator(mode="after")
    def _entered(self, info: ValidationInfo) -> Self:
        context = entering(info)
        if context is None:
            return self
        errors = {name: UNKNOWN for name in self.model_extra or () if name not in context.tolerated}
        errors |= self.contradictions()
        if not context.partial:
            errors |= dict.fromkeys(self._lacking(context), MISSING) | dict(self.entry_errors())
        if errors:
            raise refuse(type(self), errors)
        return self

    def _lacking(self, context: Entering) -> list[str]:
        return [name for name in needed_fields(type(self)) - context.stale if not getattr(self, name)]

    def entry_errors(self) -> Mapping[str, PydanticCustomError]:
        """What entry refuses that concerns several fields, by the field to point at."""
        return {}

    def contradictions(self) -> Mapping[str, PydanticCustomError]:
        """What cannot be true of the fields that are given, whatever the others are: so much can be judged of a patch alone."""
        return {}


class LastEvent(BaseModel):
    """The event that made a state what it is; `republish` sends exactly that event again."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Id
    type: str
    time: Instant


class State(Facts):
    """An aggregate's whole state at one version.

    A subclass's fields each say whether they are `Frame`, `Clear` or `Sealed`, and each has a default: what a reader
    may not see is absent from the form that reaches them.
    """

    collection: ClassVar[str]
    """Name of the collection that holds such states, and of the path that shows them."""
    service: ClassVar[str]
    """The service that owns the aggregate."""

    id: Frame[Id]
    """UUIDv7; the CloudEvents subject and the key of the Kafka record."""
    force: Frame[ForceSlug]
    """The force that recorded it, by its police.uk slug."""
    version: Frame[int]
    """1, 2, 3 … without gaps. The newest version wins."""
    sensitive: Frame[Flag] = kept(default=False)
    """Whether all but the frame is sealed."""
    last_event: Frame[LastEvent | None] = None
    """The event that made the state what it is."""
    erased_at: Frame[Instant | None] = None

    _sealed_extras: frozenset[str] = PrivateAttr(default=frozenset())
    """Unknown fields that came out of the sealed block, and go back into it."""
    _frame_extras: frozenset[str] = PrivateAttr(default=frozenset())
    """Unknown fields that were clear though the record was sensitive: a newer version's frame, which stays clear."""

    def next(self, **changes: Any) -> Self:  # noqa: ANN401 - the changes are fields of any type
        """The state one version on."""
        return self.model_copy(update={**changes, "version": self.version + 1})

    def entered(self, facts: Facts, **changes: Any) -> Self:  # noqa: ANN401 - a value of any type
        """The state one version on, with the facts that a caller entered."""
        known = {name: getattr(facts, name) for name in type(facts).model_fields if name in type(self).model_fields}
        return self.next(**known, **changes)

    @classmethod
    def begin(cls, facts: Facts, **frame: Any) -> Self:  # noqa: ANN401 - a value of any type
        """Version 1 of an aggregate, from the facts that a caller entered."""
        known = {name: getattr(facts, name) for name in type(facts).model_fields if name in cls.model_fields}
        return cls(version=1, **(known | frame))

    def opened(self) -> dict[str, Any]:
        """The state as JSON, what is sealed on the wire inline; what it is comes before what it says."""
        dumped = self.model_dump(mode="json")
        return {name: dumped[name] for name in _FIRST if name in dumped} | dumped

    def sealed_names(self) -> frozenset[str]:
        """Names of the fields that go into the sealed block."""
        if not self.sensitive:
            sealed = fields_of(type(self), Confidentiality.SEALED)
            # A private attribute takes pydantic longer than all the rest, and is empty where nothing is unknown.
            return sealed | self._sealed_extras if self.model_extra else sealed
        everything = frozenset(type(self).model_fields) | frozenset(self.model_extra or ())
        return everything - fields_of(type(self), Confidentiality.FRAME) - self._frame_extras

    @property
    def path(self) -> str:
        """The path at which the owner shows it."""
        return f"/v1/forces/{self.force}/{self.collection}/{self.id}"

    @classmethod
    def from_opened(cls, opened: Mapping[str, Any], sealed: frozenset[str] | None = None) -> Self:
        """Read a state from clear and sealed fields together; remember of unknown ones which were sealed and which were clear.

        Args:
            opened: all of its fields.
            sealed: names of those that came out of the sealed block; where nobody knows, none is taken for a clear one.
        """
        state = cls.model_validate(opened)
        extras = frozenset(state.model_extra or ())
        state._sealed_extras = extras & (sealed or frozenset())  # noqa: SLF001 - a state of this very class
        if state.sensitive and sealed is not None:
            state._frame_extras = extras - sealed  # noqa: SLF001 - a state of this very class
        return state

    @classmethod
    def from_clear(cls, wire: Mapping[str, Any]) -> Self:
        """Read what is clear of a wire form; sealed fields have their defaults."""
        return cls.model_validate({name: value for name, value in wire.items() if name not in {"_id", "sealed"}})


@cache
def fields_of(state: type[State], confidentiality: Confidentiality) -> frozenset[str]:
    """Names of a state's fields of one confidentiality."""
    return frozenset(name for name, field in state.model_fields.items() if confidentiality in field.metadata)


@cache
def needed_fields(facts: type[Facts]) -> frozenset[str]:
    """Names of the fields that must be entered."""
    return frozenset(name for name, field in facts.model_fields.items() if is_needed(field)) | facts.also_needed


ERASED_FIELDS = frozenset({"id", "force", "version", "erased_at", "last_event"})
"""All that is left of an erased record."""


_FIRST = ("id", "force", "version", "status", "sensitive")


class Publication(Facts):
    """Words approved for the public: what you said (of a concern), what we promised and did (of an action)."""

    always: ClassVar = frozenset({"published_at"})

    published_at: Instant | None = None


class Related(Facts):
    """The same engagement as another force recorded it."""

    force: Annotated[ForceSlug, OneOfTheForces()]
    id: Id


RelatedOnes = Annotated[tuple[Related, ...], AtMost(45), Distinct()]


__all__ = ["ERASED_FIELDS", "Clear", "Facts", "LastEvent", "Publication", "Related", "RelatedOnes", "State", "fields_of", "needed_fields"]
