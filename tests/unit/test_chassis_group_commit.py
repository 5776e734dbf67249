"""Group commit: who shares a commit with whom, and what each is told."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from chassis.group_commit import LARGEST_GROUP, GroupCommit
from chassis.mongo import Unavailable


class Refused(Exception):  # noqa: N818 - a signal
    """An entry cannot commit."""


@dataclass(frozen=True, eq=False)
class Entry:
    name: str
    touches: frozenset[str] = frozenset()
    refused: bool = False


@dataclass
class Disk:
    """What was committed, and in which groups; a commit takes hold when the gate is open."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    tried: list[list[Entry]] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    under_way: list[Entry] = field(default_factory=list)

    async def commit(self, entries: Sequence[Entry]) -> None:
        self.tried.append(list(entries))
        self.under_way += entries
        together = [name for entry in self.under_way for name in entry.touches]
        assert len(together) == len(set(together)), "two that touch the same are under way at once"
        try:
            await self.gate.wait()
            if any(entry.refused for entry in entries):
                raise Refused(",".join(entry.name for entry in entries if entry.refused))
            self.kept += entries
        finally:
            self.under_way = [entry for entry in self.under_way if entry not in entries]

    @property
    def names(self) -> list[str]:
        return sorted(entry.name for entry in self.kept)


async def settle() -> None:
    """Let everything run that can run without the time going on."""
    for _ in range(10):
        await asyncio.sleep(0)


def handed_in(group: GroupCommit[Entry], *entries: Entry) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(group.add(entry)) for entry in entries]


async def test_a_lone_entry_waits_for_nobody() -> None:
    disk = Disk()
    disk.gate.set()

    await asyncio.wait_for(GroupCommit(disk.commit).add(Entry("a")), 0.05)

    assert [[entry.name for entry in group] for group in disk.tried] == [["a"]]


async def test_what_waits_at_the_same_moment_is_committed_together_up_to_a_limit() -> None:
    disk = Disk()
    group = GroupCommit(disk.commit)
    first = handed_in(group, Entry("0"))
    await settle()
    second = handed_in(group, Entry("1"))
    await settle()

    more = handed_in(group, *(Entry(f"later {n}") for n in range(LARGEST_GROUP + 6)))
    await settle()
    disk.gate.set()
    await asyncio.gather(*first, *second, *more)

    assert [len(each) for each in disk.tried] == [1, 1, LARGEST_GROUP, 6]


async def test_one_that_cannot_commit_is_told_so_and_its_neighbours_commit() -> None:
    disk = Disk()
    disk.gate.set()
    tasks = handed_in(GroupCommit(disk.commit), Entry("a"), Entry("b", refused=True), Entry("c"))

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [str(outcome) for outcome in outcomes] == ["None", "b", "None"]
    assert disk.names == ["a", "c"]


async def test_two_that_touch_the_same_follow_each_other_in_their_order() -> None:
    disk = Disk()
    disk.gate.set()
    names = [Entry(str(n), frozenset({"one concern"})) for n in range(4)]
    both = Entry("both", frozenset({"one concern", "another"}))

    await asyncio.gather(*handed_in(GroupCommit(disk.commit), *names, both, Entry("last", frozenset({"another"}))))

    assert [[entry.name for entry in group] for group in disk.tried] == [["0"], ["1"], ["2"], ["3"], ["both"], ["last"]]


async def test_whoever_is_cancelled_takes_nobody_along() -> None:
    disk = Disk()
    group = GroupCommit(disk.commit)
    under_way = handed_in(group, Entry("a"), Entry("gone under way"))
    await settle()
    other = handed_in(group, Entry("b"))
    await settle()
    waiting = handed_in(group, Entry("c"), Entry("gone before"), Entry("d"))
    await settle()

    under_way[1].cancel()
    waiting[1].cancel()
    await settle()
    disk.gate.set()
    outcomes = await asyncio.gather(*under_way, *other, *waiting, return_exceptions=True)

    assert [outcome is None for outcome in outcomes] == [True, False, True, True, False, True]
    assert disk.names == ["a", "b", "c", "d", "gone under way"]


async def test_an_outcome_that_is_not_known_is_said_to_all_and_tried_no_more() -> None:
    tried: list[int] = []

    async def away(entries: Sequence[Entry]) -> None:
        tried.append(len(entries))
        await asyncio.sleep(0)
        raise Unavailable

    outcomes = await asyncio.gather(*handed_in(GroupCommit(away), Entry("a"), Entry("b"), Entry("c")), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    assert tried == [3]


async def test_draining_ends_when_everyone_has_an_outcome() -> None:
    disk = Disk()
    group = GroupCommit(disk.commit)
    tasks = handed_in(group, *(Entry(str(n), frozenset({"one"})) for n in range(5)))
    await settle()

    draining = asyncio.create_task(group.drain())
    await settle()
    assert not draining.done()
    disk.gate.set()
    await draining

    assert len(disk.kept) == 5
    await asyncio.gather(*tasks)


async def test_whoever_waits_when_the_loop_is_taken_down_is_not_left_waiting() -> None:
    group = GroupCommit(Disk().commit)
    tasks = handed_in(group, Entry("a"), Entry("b"))
    await settle()

    for task in group._tasks:
        task.cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2


async def test_the_committer_works_in_no_requests_context() -> None:
    from structlog.contextvars import bound_contextvars, get_contextvars  # noqa: PLC0415 - of this test alone

    seen: list[dict[str, object]] = []

    async def look(_: Sequence[Entry]) -> None:
        await asyncio.sleep(0)
        seen.append(get_contextvars())

    with bound_contextvars(request="of one"):
        await GroupCommit(look).add(Entry("a"))

    assert seen == [{}]


entries = st.builds(
    Entry,
    name=st.integers(0, 10**9).map(str),
    touches=st.frozensets(st.sampled_from("abcde"), max_size=2),
    refused=st.booleans(),
)


@given(st.lists(st.tuples(entries, st.booleans(), st.integers(0, 3)), max_size=90))
def test_whatever_waits_with_whatever_each_has_exactly_its_own_outcome(plan: list[tuple[Entry, bool, int]]) -> None:
    disk = Disk()

    async def run() -> list[BaseException | None]:
        disk.gate.set()
        group = GroupCommit(disk.commit)
        tasks = []
        for entry, gone, pause in plan:
            tasks += handed_in(group, entry)
            for _ in range(pause):
                await asyncio.sleep(0)
            if gone:
                tasks[-1].cancel()
        outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        await group.drain()
        return outcomes

    outcomes = asyncio.run(run())

    assert max(map(len, disk.tried), default=0) <= LARGEST_GROUP
    assert len({id(entry) for entry in disk.kept}) == len(disk.kept)
    for (entry, gone, _), outcome in zip(plan, outcomes, strict=True):
        kept = any(entry is each for each in disk.kept)
        if isinstance(outcome, asyncio.CancelledError):
            assert gone
            assert not (kept and entry.refused)
        else:
            assert (kept, str(outcome)) == ((False, entry.name) if entry.refused else (True, "None"))
