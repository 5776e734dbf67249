"""Going on with a live stream where it broke off: without a gap and without a repetition, or with `resync`."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis.runtime import Runtime
from notifications.cursor import Cursors
from tests.builders import concern_raised
from tests.conftest import Place, eventually
from tests.services.hearing import listening
from tests.services.notifying import RAISED, Notifications, amended, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def concerns(runtimes: Runtimes) -> Runtime:
    return await prepared(await runtimes("concerns"))


@pytest.fixture
async def service(place: Place, concerns: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, concerns, monkeypatch) as running_service:
        yield running_service


async def test_a_stream_goes_on_where_it_broke_off_without_a_gap_or_a_repetition(service: Notifications, place: Place) -> None:
    heard: list[str] = []
    recorded = []
    last: str | None = None
    for _ in range(3):
        async with listening(service.client(), after=last) as ear:
            recorded += await service.recorded(*(concern_raised(place.force) for _ in range(5)))
            # The stream is cut at any moment after its first event.
            await eventually(ear.heard_times(1))
        heard += ear.subjects
        last = ear.heard[-1].id
        recorded += await service.recorded(*(concern_raised(place.force) for _ in range(20)))

    missed = [state for state in recorded if state.id not in heard]
    async with listening(service.client(), after=last) as ear:
        await eventually(ear.heard_of(missed))
    assert sorted([*heard, *ear.subjects]) == sorted(state.id for state in recorded)


async def test_a_client_can_go_on_before_it_has_heard_anything(service: Notifications, place: Place) -> None:
    async with listening(service.client()) as ear:
        await eventually(ear.begun)
    states = await service.recorded(*(concern_raised(place.force) for _ in range(6)))

    async with listening(service.client(), after=ear.last_id) as again:
        await eventually(again.heard_of(states))

    assert len(again.heard) == 6


async def test_a_stream_goes_on_in_another_process(
    place: Place, concerns: Runtime, runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(place, concerns, monkeypatch) as service, listening(service.client()) as ear:
        first = await service.recorded(*(concern_raised(place.force) for _ in range(5)))
        await eventually(ear.heard_of(first))

    async with serving(place, await runtimes("concerns"), monkeypatch) as service:
        missed = await service.recorded(*(concern_raised(place.force) for _ in range(5)))
        await eventually(service.consumed)
        async with listening(service.client(), after=ear.last_id) as again:
            live = await service.recorded(concern_raised(place.force))
            await eventually(again.heard_of([*missed, *live]))

    assert sorted(again.subjects) == sorted(state.id for state in [*missed, *live])


@pytest.mark.parametrize("cursor", ["garbage", "AAAA", "é".encode().decode("latin-1")])
async def test_a_cursor_that_is_none_of_ours_is_answered_with_resync_and_then_live(
    service: Notifications, place: Place, cursor: str
) -> None:
    async with listening(service.client(), after=cursor.encode("ascii", "replace").decode()) as ear:
        states = await service.recorded(concern_raised(place.force))
        await eventually(ear.heard_of(states))

    assert [each.event for each in ear.heard] == ["resync", RAISED]


async def test_a_stream_goes_on_without_a_gap_in_the_forces_that_are_still_granted(service: Notifications, place: Place) -> None:
    other = place.add_force()
    await service.knows(other)
    async with listening(service.client(force=f"{place.force},{other}")) as both:
        await eventually(both.heard_of(await service.recorded(concern_raised(other))))
    (hidden, missed) = await service.recorded(concern_raised(other), concern_raised(place.force))

    async with listening(service.client(), after=both.last_id) as one:
        states = await service.recorded(concern_raised(place.force))
        await eventually(one.heard_of([missed, *states]))

    assert sorted(one.subjects) == sorted(state.id for state in (missed, *states))
    assert hidden.id not in one.subjects


async def test_a_cursor_of_which_no_force_is_granted_any_more_is_answered_with_resync(service: Notifications, place: Place) -> None:
    other = place.add_force()
    await service.knows(other)
    async with listening(service.client(force=other)) as elsewhere:
        await eventually(elsewhere.heard_of(await service.recorded(concern_raised(other))))

    async with listening(service.client(), after=elsewhere.last_id) as here:
        await eventually(here.heard_times(1))

    assert here.heard[0].event == "resync"


async def test_a_place_that_the_log_does_not_reach_is_answered_with_resync(service: Notifications, place: Place) -> None:
    async with listening(service.client()) as ear:
        await eventually(ear.begun)
    cursors = service.runtime.kept(Cursors)
    cursor = cursors.read(ear.last_id)
    assert cursor is not None
    beyond = cursors.write(type(cursor)(dict.fromkeys(cursor.places, 1_000), cursor.at))

    async with listening(service.client(), after=beyond) as again:
        await eventually(again.heard_times(1))
        states = await service.recorded(concern_raised(place.force))
        await eventually(again.heard_of(states))

    assert again.heard[0].event == "resync"


async def test_a_record_that_became_sensitive_is_replayed_redacted(service: Notifications, place: Place) -> None:
    async with listening(service.client()) as ear:
        await eventually(ear.begun)
    (state,) = await service.recorded(concern_raised(place.force, locality="Dover"))
    await service.recorded(amended(state, sensitive=True))
    await eventually(service.consumed)

    async with listening(service.client(), after=ear.last_id) as again:
        await eventually(again.heard_times(2))

    assert [each.data["data"]["sensitive"] for each in again.heard] == [True, True]
    assert "Dover" not in str(again.heard)
    assert "category" not in again.heard[0].data["data"]
