"""What an amendment may put right of what was said after a record was made: only what was said."""

from collections.abc import Iterable

from concerns.domain.refusals import NotSaidYetError
from contracts.entry import Patch
from contracts.state import State


def refuse_unsaid(state: State, patch: Patch, names: Iterable[str]) -> None:
    """Refuse to say by an amendment what an operation of its own says, and announces.

    Raises:
        NotSaidYetError: with a pointer to the first field that holds nothing yet.
    """
    for name in names:
        if patch.touches(name) and getattr(state, name) is None:
            raise NotSaidYetError(pointer=f"#/{name}")
