"""The history against the log: one line for each event, at a place where the event stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from chassis.batch import Received
from readmodel.comparing import differing_fields
from readmodel.projections import Stored
from readmodel.projector import line, line_id
from roundtable.verification.report import Difference


def without_line(events: Iterable[Received], lines: Iterable[Stored]) -> list[str]:
    """The `_id`s of lines of events that have none at their own place: repeats, if they have one at an earlier place."""
    there = {(each["_id"], each["offset"]) for each in lines}
    return [line_id(event) for event in events if (line_id(event), event.offset) not in there]


def compare_history(
    events: Sequence[Received], lines: Sequence[Stored], elsewhere: Mapping[str, Stored], force: str, where: str
) -> Iterator[Difference]:
    """A stretch of a partition against the lines that lie in it.

    Args:
        events: every event of the stretch that the read model projected, in its order.
        lines: the lines that name an offset of the stretch.
        elsewhere: by `_id`, the lines of those events that `without_line` tells.
        force: whose partition it is.
        where: the collection of the lines.
    """
    events_there = {(line_id(event), event.offset) for event in events}
    lines_there = {(each["_id"], each["offset"]): each for each in lines}
    for event in events:
        found = lines_there.get((line_id(event), event.offset))
        what = _of_another_place(event, elsewhere.get(line_id(event))) if found is None else _of_its_place(event, found)
        if what:
            yield Difference(what, force, event.message.id, where, event.message.version)
    for (key, offset), each in lines_there.items():
        if (key, offset) not in events_there:
            yield Difference(
                f"a line of an event that does not stand at {offset}", force, key.partition(":")[2], where, each.get("version")
            )


def _of_its_place(event: Received, found: Stored) -> str | None:
    differing = differing_fields(line(event), found)
    return f"a line that differs in {', '.join(differing)}" if differing else None


def _of_another_place(event: Received, found: Stored | None) -> str | None:
    if found is None:
        return f"no line of the event at {event.partition}:{event.offset}"
    # Of two places of one event either may have its line: the first, or the one that was handled before the first was redriven.
    return None if found["partition"] == event.partition else f"a line of another partition than {event.partition}:{event.offset}"
