"""What a request's caller vouches for: read from its header, logged and counted once it was let pass.

The header names texts of the body in which screening finds something that is not personal data: the number of a helpline, the address of
a mosque. It lets those pass and no others, and only what screening finds: never a control character, never a text that is too long.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import Headers

from chassis import metrics
from chassis.problems import FieldError, Refusal
from chassis.visit import Visit
from contracts.vouching import HEADER, Vouching, vouching

log = structlog.get_logger()
POINTERS: Final = r"#?(/[A-Za-z0-9_]{1,64}){1,16}( ?, ?#?(/[A-Za-z0-9_]{1,64}){1,16}){0,99}"
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "description": (
        "Texts of the body that hold what looks like personal data and is none, such as the number of a helpline: as JSON Pointers with a "
        "comma between them. Screening lets those pass; who said so of what is logged. A pointer to anything else is ignored."
    ),
    "schema": {"type": "string", "pattern": f"^{POINTERS}$"},
}
_WRONG: Final = "Name texts of the body by JSON Pointers with a comma between them, a hundred at most: /said, /visiting_guidance/0"


@contextmanager
def screening(visit: Visit) -> Iterator["Screening"]:
    """Within it the body of a request is judged as its caller vouches for it; afterwards that is logged and counted.

    What was let pass is logged whatever became of the request, for whether it was recorded may not be known; but for a request that was
    refused for what it holds, of which nothing was let pass.

    Raises:
        Refusal: 400, the header cannot be read.
    """
    with vouching(_vouched(visit.headers)) as found:
        judged = Screening()
        try:
            yield judged
        except (RequestValidationError, ValidationError):
            found.passed.clear()
            raise
        finally:
            _count(found)
            if found.passed:
                _log(visit, found, judged.recorded)


class Screening:
    """A request while it is judged."""

    recorded: str | None = None
    """Id and version of what the request recorded, or None where nobody knows."""

    def answered(self, response: Response) -> Response:
        """Note what the answer says was recorded."""
        self.recorded = response.headers.get("X-Roundtable-Version")
        return response


def _vouched(headers: Headers) -> frozenset[str]:
    """The pointers of the header; none without it."""
    sent = headers.getlist(HEADER)
    if not sent:
        return frozenset()
    named = ", ".join(sent).strip()
    if not re.fullmatch(POINTERS, named):
        raise Refusal(400, "bad-not-personal-data", _WRONG, errors=[FieldError(None, _WRONG, "wrong_form", HEADER)])
    return frozenset(each.strip().removeprefix("#") for each in named.split(","))


def _count(found: Vouching) -> None:
    for kinds in found.passed.values():
        for kind in kinds:
            metrics.screening_overridden_total.labels(kind=kind).inc()
    for kinds in found.refused.values():
        for kind in kinds:
            metrics.screening_refused_total.labels(kind=kind).inc()


def _log(visit: Visit, found: Vouching, recorded: str | None) -> None:
    """Who vouched for what is logged: who, when, where and what was found, and none of the words."""
    passed = {pointer: list(kinds) for pointer, kinds in sorted(found.passed.items())}
    log.info("screening_overridden", subject=visit.subject, force=visit.force, operation=visit.target, passed=passed, recorded=recorded)
