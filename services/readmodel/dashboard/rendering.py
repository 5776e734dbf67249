"""Templates: escaped by default, strict about what is missing, and given the words that facts are told in."""

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from readmodel.dashboard import words
from readmodel.dashboard.assets import address

_WORDS: Final = (
    words.brief, words.capital, words.category, words.clock, words.counted, words.day_of, words.kind, words.known, words.listed,
    words.london_day, words.moment, words.number, words.sentence, words.told, words.weekday,
)  # fmt: skip


def _environment() -> Environment:
    folder = Path(__file__).parent / "templates"
    made = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {word.__name__: word for word in _WORDS}
    made.globals["asset"] = address
    return made


ENVIRONMENT: Final = _environment()


def page(request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:  # noqa: ANN401 - facts of any type
    """A page.

    Args:
        request: what the page answers; its visitor and nonce stand in the frame.
        template: file among the templates.
        status: HTTP status.
        facts: what the template tells.
    """
    frame = {"visitor": getattr(request.state, "visitor", None), "nonce": request.state.nonce}
    return HTMLResponse(ENVIRONMENT.get_template(template).render(frame | facts), status)
