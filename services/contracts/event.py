"""What an event is: a past fact that carries its aggregate's whole new state. A registry knows every kind."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from contracts.state import State

S_co = TypeVar("S_co", bound=State, covariant=True)
Model = type[State]
"""A model of states; within a class that has a field `type`, this is the only way to say so."""
PREFIX: Final = "engagement."
EVENTS: Final[dict[str, type["Event[Any]"]]] = {}
"""Every event by its type. The codec, the schemas, the catalogue and the tests walk it; nothing lists events by hand."""


@dataclass(frozen=True)
class Event(Generic[S_co]):
    """A fact about one aggregate. Recording it gives it its id and time."""

    state: S_co
    type: ClassVar[str]
    model: ClassVar[Model]

    def __init_subclass__(cls, *, type: str, **rest: Any) -> None:  # noqa: A002, ANN401 - the attribute's name in CloudEvents
        """Enter the event in the registry, with the model of its state."""
        super().__init_subclass__(**rest)
        cls.type = type
        cls.model = next(get_args(origin)[0] for origin in cls.__orig_bases__ if get_origin(origin) is Event)  # type: ignore[attr-defined]  # typing's own attribute
        EVENTS[type] = cls


def name_of(event_type: str) -> str:
    """`concern-raised` of `engagement.concern-raised.v1`."""
    return event_type.removeprefix(PREFIX).rsplit(".", 1)[0]


def type_of(name: str) -> str:
    """`engagement.concern-raised.v1` of `concern-raised`."""
    return f"{PREFIX}{name}.v1"


def dataschema(event_type: str) -> str:
    """The absolute name of an event's schema: `urn:roundtable:schema:concern-raised:v1`."""
    return f"urn:roundtable:schema:{name_of(event_type)}:{event_type.rsplit('.', 1)[1]}"
