"""Live streams: many people listen at once, from wherever they say that they were, while things happen in every force."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
from hypothesis import strategies as st

from contracts.sealing import from_base64url
from notifications.cursor import MAC_BYTES, Cursor, Places
from notifications.parts import parts
from notifications.stream import _cursors
from tests.leaks.asking import Cases
from tests.leaks.building import amended
from tests.leaks.city import City
from tests.leaks.marks import Mark, word
from tests.leaks.oracle import fields_told, shown_too_much
from tests.leaks.people import LISTENING, Held
from tests.leaks.plans import Fate

AT_ONCE: Final = 40
_PATIENCE: Final = 60.0
_LOOKS: Final = 0.05


@dataclass(frozen=True)
class Wish:
    """A stream that one person asks for.

    Attributes:
        forces: the numbers of the forces that are named; none means all that are granted.
        after: whose place it goes on from: nobody's, `everyone` from the beginning, one force's, or none that there is.
    """

    person: int
    forces: tuple[int, ...] = ()
    after: str | int = "nobody"


def wishes(city: City) -> st.SearchStrategy[list[Wish]]:
    """What people may ask for, all at once."""
    forces = st.integers(0, len(city.forces) - 1)
    after = st.one_of(st.just("everyone"), st.just("everyone"), st.sampled_from(["nobody", "garbage"]), forces)
    named = st.one_of(st.just(()), st.lists(forces, min_size=1, max_size=2, unique=True).map(tuple))
    one = st.builds(Wish, st.integers(0, len(city.people) - 1), named, after)
    return st.lists(one, min_size=AT_ONCE, max_size=AT_ONCE)


async def leaks(city: City, asked: Sequence[Wish], cases: Cases) -> list[str]:
    """What is wrong with what was heard, in words."""
    told = asyncio.Event()
    heard = [asyncio.create_task(_heard(city, wish, told)) for wish in asked]
    async with asyncio.timeout(_PATIENCE):
        await _open(city, heard)
        await _happened(city)
        told.set()
        answers = await asyncio.gather(*heard)
    return [each for wish, answer in zip(asked, answers, strict=True) for each in _judged(city, wish, *answer, cases)]


async def _open(city: City, heard: Sequence[asyncio.Task[Any]]) -> None:
    """Wait until everyone listens, or was sent away."""
    hub = parts(city.notifications.runtime).hub
    while hub.clients + sum(task.done() for task in heard) < len(heard):  # noqa: ASYNC110 - what is waited for happens at the hub
        await asyncio.sleep(_LOOKS)


async def _happened(city: City) -> None:
    """Something ordinary and something sensitive in every force, while everyone listens."""
    for known in [each for each in city.of("concerns") if each.fate in {Fate.PLAIN, Fate.SENSITIVE}]:
        new = word()
        needs = known.needs("locality", known.fate)
        city.marks.add(Mark(new, known.force, known.id, "locality", needs, needs, current=False))
        caller = city.callers["concerns"].holding("recorder", "sensitive_reader", force=known.force)
        await amended(caller, known, {"locality": new})
    await city.caught_up()


async def _heard(city: City, wish: Wish, told: asyncio.Event) -> tuple[int, str]:
    """Status, and everything that came, until the stream is where the log is."""
    headers = city.tickets.headers(wish.person) | await _place(city, wish)
    params = {"force": [city.forces[number] for number in wish.forces]}
    async with (
        httpx2.AsyncClient(base_url=city.notifications.url, timeout=_PATIENCE, trust_env=False) as client,
        client.stream("GET", "/v1/stream", params=params, headers=headers) as response,
    ):
        if response.status_code != httpx2.codes.OK:
            return response.status_code, (await response.aread()).decode()
        lines: list[str] = []
        async for line in response.aiter_lines():
            lines.append(line)
            if line.startswith("id: ") and told.is_set() and _is_there(city, line.removeprefix("id: ")):
                break
        return response.status_code, "\n".join(lines)


def _is_there(city: City, cursor: str) -> bool:
    """Whether a stream has told everything that the hub has read of the forces in its cursor."""
    places = parts(city.notifications.runtime).hub.places
    next_of: dict[str, dict[str, int]] = json.loads(from_base64url(cursor)[MAC_BYTES:])["next"]
    ends = {(place.topic.removeprefix("engagement."), str(place.partition)): offset for place, offset in places.items()}
    return all(offset >= ends.get((force, number), 0) for force, offsets in next_of.items() for number, offset in offsets.items())


async def _place(city: City, wish: Wish) -> dict[str, str]:
    if wish.after == "nobody":
        return {}
    if wish.after == "garbage":
        return {"Last-Event-ID": "AAAA"}
    hub, named = parts(city.notifications.runtime).hub, None if wish.after == "everyone" else city.forces[int(wish.after)]
    begin: Places = {place: 0 for place in hub.places if named in {None, place.topic.removeprefix("engagement.")}}
    cursors = await _cursors(city.notifications.runtime)
    # Some minutes ago: what was registered since is heard from its beginning too.
    return {"Last-Event-ID": cursors.write(Cursor(begin, datetime.now(UTC) - timedelta(minutes=5)))}


def _judged(city: City, wish: Wish, status: int, text: str, cases: Cases) -> list[str]:
    held = city.held(city.people[wish.person])
    listening = {force: frozenset({"subscriber"}) for force, roles in held.roles.items() if not roles.isdisjoint(LISTENING)}
    named = [city.forces[number] for number in wish.forces]
    # Whoever listens hears what is clear; that someone may read more elsewhere changes nothing.
    may_hear = Held({force: roles for force, roles in listening.items() if not named or force in named})
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    cases.judged["stream"] += 1
    cases.seen["stream"] += len(events)
    found = [*shown_too_much(city.marks, may_hear, text), *fields_told({each.id: each for each in city.records}, may_hear, events)]
    found += [] if (status == httpx2.codes.OK) == (bool(listening) and set(named) <= listening.keys()) else [f"the status is {status}"]
    if wish.after == "everyone" and status == httpx2.codes.OK:
        heard = {event.get("subject") for event in events}
        unheard = [each for each in city.records if each.force in may_hear.roles and each.id not in heard]
        found += [f"{each.collection} {each.fate.name} was not heard of" for each in unheard]
    return [f"{wish}: {each}" for each in found]
