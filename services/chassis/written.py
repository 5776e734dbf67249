"""The settings, written down: the text of `.env.example`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chassis.secret_files import PREFIX
from chassis.settings import Settings


def describe(classes: Sequence[type[Settings]]) -> str:
    """The text of `.env.example`: every setting with its default and meaning, those of all services first.

    Args:
        classes: the settings of each service.
    """
    shared = ["# Settings of every service. Those without a default must be set; docker compose does so itself.", *_lines(Settings, {})]
    own = [[f"# {each.__module__.split('.')[0]}", *_lines(each, Settings.model_fields)] for each in classes]
    return "\n\n".join("\n".join(section) for section in (shared, *own)) + "\n"


def _lines(settings: type[Settings], known: Mapping[str, FieldInfo]) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        if name in known and field.default == known[name].default:
            continue
        yield f"# {field.description or known[name].description}"
        yield f"{PREFIX}{name.upper()}=" if field.default is PydanticUndefined else f"# {PREFIX}{name.upper()}={_written(field.default)}"


def _written(default: Any) -> str:  # noqa: ANN401 - a default of any type
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
