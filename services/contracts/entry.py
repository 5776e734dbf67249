"""Entry: the stricter reading of a request. What is stored or received is read with an open mind; what is entered is not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic.fields import FieldInfo
from pydantic_core import (
    CoreSchema,
    ErrorDetails,
    InitErrorDetails,
    PydanticCustomError,
    ValidationError,
    core_schema,
)

from contracts.vouching import kinds, vouched_apart

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Entering:
    """Validation context that says "this is a request". An amendment tolerates what is stored already."""

    tolerated: frozenset[str] = field(default=frozenset())
    """Names of unknown fields that are stored, at any depth."""
    stale: frozenset[str] = field(default=frozenset())
    """Fields that are left as they stand, though they could not be entered."""
    partial: bool = False
    """Whether this is a part of what will be there: what is not given may be stored already."""
    screens: bool = True
    """Whether texts are screened: once for what was sent, never for what is stored."""


def entering(info: ValidationInfo) -> Entering | None:
    """The entry that is under way, or None when a stored or received state is read."""
    return info.context if isinstance(info.context, Entering) else None


def refuse(model: type[BaseModel], errors: Mapping[str, PydanticCustomError]) -> ValidationError:
    """One validation error that points at several fields of a model by name."""
    details = [InitErrorDetails(type=error, loc=(name,), input=None) for name, error in errors.items()]
    return ValidationError.from_exception_data(model.__name__, details)


def problem(code: str, message: str, **context: Any) -> PydanticCustomError:  # noqa: ANN401 - JSON values
    """An error of entry, and what machines are told of it. Neither holds what was sent."""
    escaped = message.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(code, escaped, context or None)


def enter(model: type[M], value: Any, context: Entering) -> M:  # noqa: ANN401 - whatever a client sent
    """Read what a client sent. Of what screening finds, that passes which the caller vouches for.

    Raises:
        ValidationError: of all that is wrong with the rest.
    """
    try:
        return model.model_validate(value, context=context)
    except ValidationError as refused:
        found = refused.errors(include_url=False, include_input=False)
        left = vouched_apart(found)
        if len(left) == len(found):
            raise
    if left:
        raise ValidationError.from_exception_data(model.__name__, [_told(each) for each in left])
    return model.model_validate(value, context=replace(context, screens=False))


NO_PATCH: Final = "patch"
MISSING: Final = problem("missing", "Must be given")
KEPT: Final = problem("not_null", "Say what it is to be: this cannot be taken out")
UNKNOWN: Final = problem("unknown_field", "There is no such field: take it out")


def _told(error: ErrorDetails) -> InitErrorDetails:
    """An error as it was found, to be raised with others."""
    screened = {"found": [*found]} if (found := kinds(error)) else {}
    return InitErrorDetails(type=problem(error["type"], error["msg"], **screened), loc=error["loc"], input=None)


class _Entered:
    """Annotation that validates a model under the context `Entering`."""

    def __get_pydantic_core_schema__(self, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any) -> BaseModel:  # noqa: ANN401 - whatever a client sent
            return enter(source, value, Entering())

        return core_schema.no_info_before_validator_function(read, handler(source))


Entry = Annotated[M, _Entered()]
"""`Entry[Closing]` is a `Closing` as a caller may enter it: known codes, known fields, screened text."""


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def extras(value: Any) -> frozenset[str]:  # noqa: ANN401 - any field's value
    """Names of the unknown fields that a value holds, at any depth."""
    if isinstance(value, BaseModel):
        own = frozenset(value.model_extra or ())
        return own.union(*(extras(getattr(value, name)) for name in type(value).model_fields))
    if isinstance(value, tuple):
        return frozenset().union(*(extras(item) for item in value))
    return frozenset()


@dataclass(frozen=True)
class Patch:
    """A JSON merge patch of the facts of one model."""

    facts: type[BaseModel]
    changes: dict[str, Any]

    def touches(self, *names: str) -> bool:
        """Whether the patch speaks of any of these fields."""
        return not self.changes.keys().isdisjoint(names)

    def apply(self, current: BaseModel) -> dict[str, Any]:
        """New values of the fields that the patch touches. Its own texts were screened as it was read; stored ones are let be.

        Raises:
            ValidationError: when the patched facts could not have been entered; it points at the field.
        """
        known = {name: getattr(current, name) for name in self.facts.model_fields}
        before = current.model_dump(mode="json", include=set(known))
        unknown = frozenset().union(*(extras(value) for value in known.values()))
        stale = self._stale(before, unknown)
        merged = {name: value for name, value in merge_patch(before, self.changes).items() if name not in stale}
        after = self.facts.model_validate(merged, context=Entering(unknown, stale, screens=False))
        return {name: getattr(after, name) for name in self.changes if name in known}

    def _stale(self, before: dict[str, Any], unknown: frozenset[str]) -> frozenset[str]:
        """Fields that hold what could not be entered here, such as a newer version's code, and that the patch lets be."""
        try:
            self.facts.model_validate(before, context=Entering(unknown, screens=False))
        except ValidationError as refused:
            return frozenset(str(error["loc"][0]) for error in refused.errors() if error["loc"]) - self.changes.keys()
        return frozenset()


@dataclass(frozen=True)
class PatchOf:
    """Annotation of a body that is a merge patch: `Annotated[Patch, PatchOf(ConcernFacts)]`."""

    facts: type[BaseModel]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - a value of any type
        """Read a JSON object whose keys are fields of the model."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Refer to the model; `requests.close` turns that into the schema of a patch."""
        return {"x-patch": True, "allOf": [handler(self.facts.__pydantic_core_schema__)]}

    def read(self, value: object) -> Patch:
        """The patch, or a refusal that points at the unknown field."""
        if not isinstance(value, dict) or not value:
            raise problem(NO_PATCH, "A merge patch is a JSON object that changes at least one field")
        known = {name: given for name, given in value.items() if name in self.facts.model_fields}
        unknown = [InitErrorDetails(type=UNKNOWN, loc=(name,), input=None) for name in value.keys() - known.keys()]
        details = [*unknown, *_not_null(self.facts, known), *_wrong(self.facts, known)]
        if details:
            raise ValidationError.from_exception_data(self.facts.__name__, details)
        return Patch(self.facts, value)


def _not_null(facts: type[BaseModel], given: dict[str, Any], *path: str) -> Iterator[InitErrorDetails]:
    """The fields that a patch takes out though they must be there, also within the parts that it merges."""
    for name, value in given.items():
        if name not in facts.model_fields:
            continue
        field = facts.model_fields[name]
        if value is None and (is_needed(field) or is_kept(field) or field.is_required()):
            yield InitErrorDetails(type=KEPT if is_kept(field) else MISSING, loc=(*path, name), input=None)
        elif isinstance(value, dict) and (part := _part(field)):
            yield from _not_null(part, value, *path, name)


def _wrong(facts: type[BaseModel], given: dict[str, Any]) -> Iterator[InitErrorDetails]:
    """What is wrong with the fields of a patch, whatever is stored. What is missing may be stored; within a list nothing is."""
    try:
        enter(facts, merge_patch({}, given), Entering(partial=True))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            if each["type"] != "missing" or any(isinstance(step, int) for step in each["loc"]):
                yield _told(each)


def _part(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is an object, and so is merged."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def is_needed(field: FieldInfo) -> bool:
    """Whether a field must be entered."""
    return _says(field, "x-needed")


def is_kept(field: FieldInfo) -> bool:
    """Whether a patch may change a field, and not take it out."""
    return _says(field, "x-kept")


def _says(field: FieldInfo, keyword: str) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get(keyword))
