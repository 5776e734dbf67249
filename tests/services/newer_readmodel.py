"""The read model of a later release: its projection counts one thing more, and so is another."""

from typing import Any, cast

from contracts.concern import Concern
from contracts.vocabulary import Resolution
from readmodel import projections

_COUNTED_SO_FAR = projections._COUNTED[Concern]


def _counted(document: projections.Stored) -> projections.Counted:
    """What this release counts of a concern, and the open ones by category."""
    yield from _COUNTED_SO_FAR(document)
    still_open = document.get("status") not in set(Resolution)
    yield ("concerns", "open_by_category", str(document.get("category"))), int(still_open)


def become_newer() -> None:
    """Be the later release; before anything else of the read model is imported."""
    newer = cast("Any", projections)
    newer.PROJECTION = 2
    newer._COUNTED[Concern] = _counted


if __name__ == "__main__":
    become_newer()
    from readmodel.main import main

    main()
