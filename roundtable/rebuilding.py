"""Asks the read model for a rebuild, and follows it: what is asked for stands in the registry, what becomes of it in the read model."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from pymongo.errors import ConnectionFailure

from readmodel.model import DATABASE, WISHES, Ended, Standing
from readmodel.projections import PROJECTION
from roundtable.errors import OperatorError
from roundtable.live_model import standing
from roundtable.provisioning import Provisioning

LOOK_SECONDS: Final = 0.5
HEARD_SECONDS: Final = 60.0
"""How long a read model may take to hear a wish: as long as one whose process has died holds the right to build, and more."""
AWAY_SECONDS: Final = 60.0
"""How long MongoDB may be away while a rebuild is followed: it elects another primary meanwhile."""


def ask(desk: Provisioning, *, accepts: bool = False) -> str:
    """Ask for a rebuild; the id of the wish. One that is under way is joined.

    Args:
        desk: the stack.
        accepts: whether the new model may differ from the live one.
    """
    return _wish(desk, accepts=accepts, cancels=False)


def ask_to_cancel(desk: Provisioning) -> str:
    """Ask for the end of the rebuild under way, if one is; the id of the wish."""
    return _wish(desk, accepts=False, cancels=True)


def heard(desk: Provisioning, wish: str) -> Standing:
    """What stands once a wish was heard.

    Raises:
        OperatorError: no read model hears it.
    """
    deadline = time.monotonic() + HEARD_SECONDS
    while True:
        now = _patiently(desk)
        if now is not None and now.heard == wish:
            return now
        _require(deadline)
        time.sleep(LOOK_SECONDS)


def follow(desk: Provisioning, wish: str, tell: Callable[[Standing], None]) -> Ended:
    """How the build ended that a wish asked for or joined; `tell` is told what stands, again and again.

    Raises:
        OperatorError: no read model hears the wish, or MongoDB stays away.
    """
    deadline = time.monotonic() + HEARD_SECONDS
    model = None
    while True:
        now = _patiently(desk)
        if now is not None and now.wanted is not None and now.wanted.model.projection == PROJECTION:
            model = now.wanted.model
            tell(now)
        elif now is not None and now.ended is not None and (now.ended.wish == wish or now.ended.model == model):
            return now.ended
        else:
            _require(deadline)
        time.sleep(LOOK_SECONDS)


def _wish(desk: Provisioning, *, accepts: bool, cancels: bool) -> str:
    wish = {"wish": uuid4().hex, "projection": PROJECTION, "accepts": accepts, "cancels": cancels, "asked_at": datetime.now(UTC)}
    desk.database("registry")[WISHES].replace_one({"_id": DATABASE}, wish, upsert=True)
    return str(wish["wish"])


def _patiently(desk: Provisioning) -> Standing | None:
    deadline = time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return standing(desk)
        except ConnectionFailure:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)


def _require(deadline: float) -> None:
    if time.monotonic() > deadline:
        message = f"no read model of this release has taken it up within {HEARD_SECONDS:g} s: see `roundtable status`, then ask again"
        raise OperatorError(message)
