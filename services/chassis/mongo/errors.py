"""The errors that leave the seam, and how the driver's errors become them. Both drivers raise PyMongo's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, ExecutionTimeout, OperationFailure

_AWAY_CODES: Final = frozenset({13435, 10107, 11600, 11602, 189, 91, 7, 6, 89, 262, 50, 64})
"""Server codes of a node that cannot serve now: stepping down, shutting down, out of time, or without enough other members (64)."""
_AUTHENTICATION_FAILED: Final = 18
_DUPLICATE_KEY: Final = 11000


class SignInRefused(Exception):  # noqa: N818 - what the engine said
    """An engine does not accept the user and password of this service: nothing but another secret helps.

    Args:
        engine: `kafka` or `mongo`.
    """

    def __init__(self, engine: str) -> None:
        super().__init__(f"{engine} does not accept the user and password")
        self.engine = engine


class Unavailable(Exception):  # noqa: N818 - it is a state of the world, said to a caller as 503
    """MongoDB did not answer in time. Nothing is known to have been written; the same request may be sent again."""


class DuplicateKey(Exception):  # noqa: N818 - as above
    """A document with that key is there already."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into those that callers know; what MongoDB asks to repeat goes on as it is."""
    try:
        yield
    except DuplicateKeyError as error:
        raise DuplicateKey(str(error.details)) from error
    except BulkWriteError as error:
        known = _of_bulk(error)
        if known is None:
            raise
        raise known from error
    except (ConnectionFailure, ExecutionTimeout) as error:
        if error.has_error_label("TransientTransactionError"):
            raise
        raise Unavailable(str(error)) from error
    except OperationFailure as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise SignInRefused(engine="mongo") from error
        if error.code in _AWAY_CODES and not error.has_error_label("TransientTransactionError"):
            raise Unavailable(str(error)) from error
        raise


def _of_bulk(error: BulkWriteError) -> Exception | None:
    """What befell several writes, or None for what has no name here; without a failed one, the majority has not said that it has them."""
    if error.has_error_label("TransientTransactionError"):
        return None
    failed = (error.details or {}).get("writeErrors", [])
    if not failed:
        return Unavailable(str(error))
    return DuplicateKey(str(error)) if any(each.get("code") == _DUPLICATE_KEY for each in failed) else None
