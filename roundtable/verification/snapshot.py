"""MongoDB as it was at one instant: everything that is read of it belongs together, whatever is written meanwhile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from roundtable.errors import OperatorError
from roundtable.provisioning.desk import Document, Provisioning

T = TypeVar("T")
CHUNK: Final = 1_000
_TOO_OLD: Final = 239


class Snapshot:
    """The databases of the design at one instant, read-only."""

    def __init__(self, desk: Provisioning, session: ClientSession) -> None:
        self._desk = desk
        self._session = session

    def find(self, database: str, collection: str, where: Mapping[str, Any], fields: Sequence[str] = ()) -> Iterator[Document]:
        """The documents that match, one after the other; of these fields alone, where some are named."""
        yield from self._desk.database(database)[collection].find(where, list(fields) or None, session=self._session)

    def by_ids(self, database: str, collection: str, ids: Iterable[str], fields: Sequence[str] = ()) -> dict[str, Document]:
        """Documents by `_id`; those that are absent are left out."""
        wanted = list(ids)
        found = self.find(database, collection, {"_id": {"$in": wanted}}, fields) if wanted else ()
        return {document["_id"]: document for document in found}

    def now(self, database: str, collection: str, key: str) -> Document | None:
        """A document as it is by now, out of the snapshot."""
        return self._desk.database(database)[collection].find_one({"_id": key})


@contextmanager
def snapshot(desk: Provisioning) -> Iterator[Snapshot]:
    """MongoDB as it is at the first reading.

    Raises:
        OperatorError: what is compared takes longer than MongoDB remembers.
    """
    with desk.mongo.start_session(snapshot=True) as session:
        try:
            yield Snapshot(desk, session)
        except OperationFailure as failure:
            if failure.code != _TOO_OLD:
                raise
            message = "comparing took longer than MongoDB keeps a snapshot: raise its parameter minSnapshotHistoryWindowInSeconds"
            raise OperatorError(message) from failure


def chunks(things: Iterable[T]) -> Iterator[list[T]]:
    """Things in lists of a length that a query may name."""
    iterator = iter(things)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
