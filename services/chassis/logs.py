"""Logs: one JSON object a line on stdout, with trace id; the lines of uvicorn and of libraries go the same way.

No log line holds what was sent: an exception is told by its type and place, and by its message only where that is known to
hold no data of a record.
"""

import logging
import re
import sys
from collections.abc import Iterator
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis.trace import trace_id

_SPEAKING: Final = frozenset({"aiokafka", "chassis", "contracts"})
"""Packages whose errors say what failed and never what was sent."""
_NOISY: Final = ("aiokafka", "httpcore", "httpx", "httpx2", "pymongo")
"""Libraries that tell of every connection or address that they use."""
_TOKEN: Final = re.compile(r"eyJ[\w-]{6,}\.[\w-]+\.[\w-]*")
_FRAMES: Final = 12
_CAUSES: Final = 4


def configure(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line of the process to `stream` (stdout) as JSON.

    Args:
        service: the name that each line carries.
        level: the least severe level that is written.
        stream: where to write.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_rendering(service), foreign_pre_chain=_common()))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_common(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def told(error: BaseException) -> str:
    """What may be told of an error: its type, and its message where that holds no data."""
    kind = type(error)
    speaks = isinstance(error, OSError) or kind.__module__.partition(".")[0] in _SPEAKING
    code = getattr(error, "code", None)
    named = f"{kind.__name__} (code {code})" if isinstance(code, int) else kind.__name__
    return f"{named}: {error}" if speaks and str(error) else named


def _common() -> list[Processor]:
    return [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"), _trace]


def _rendering(service: str) -> list[Processor]:
    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        first = {"time": event.pop("time"), "level": event.pop("level"), "service": service, "event": event.pop("event")}
        return first | dict(event)

    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _failure, name, _render]


def _trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.setdefault("trace_id", trace_id())
    return event


def _failure(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = [{"type": told(cause), "at": _places(cause.__traceback__)} for cause in _causes(error)]
    return event


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _places(traceback: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(traceback)[-_FRAMES:]]


_as_json: Final = structlog.processors.JSONRenderer(default=lambda value: type(value).__name__)


def _render(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """JSON without anything that looks like a token."""
    line: Any = _as_json(logger, name, event)
    return _TOKEN.sub("[token]", str(line))
