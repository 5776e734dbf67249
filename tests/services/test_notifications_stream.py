"""The live stream: what is heard, by whom, from where, and until when; on real Kafka and real MongoDB."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from chassis.metrics import stream_clients_dropped_total
from chassis.runtime import Runtime
from contracts.sealing import from_base64url
from notifications.cursor import MAC_BYTES
from notifications.hub import Hub
from notifications.parts import parts
from tests.builders import action_opened, concern_raised, new_id
from tests.conftest import Place, eventually
from tests.services.hearing import listening
from tests.services.notifying import RAISED, Notifications, prepared, serving

Runtimes = Callable[[str], Awaitable[Runtime]]


@pytest.fixture
async def concerns(runtimes: Runtimes) -> Runtime:
    return await prepared(await runtimes("concerns"))


@pytest.fixture
async def service(place: Place, concerns: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notifications]:
    async with serving(place, concerns, monkeypatch) as running_service:
        yield running_service


async def test_a_subscriber_hears_of_its_forces_and_of_no_other(service: Notifications, place: Place) -> None:
    other = place.add_force()
    await service.knows(other)
    async with listening(service.client()) as ear:
        states = await service.recorded(
            concern_raised(place.force, said="what was said"), concern_raised(other), action_opened(place.force)
        )
        await eventually(ear.heard_of([states[0], states[2]]))

    assert {each.data["forceid"] for each in ear.heard} == {place.force}
    (raised,) = [each for each in ear.heard if each.event == RAISED]
    assert (raised.data["type"], raised.data["subject"], raised.data["data"]["category"]) == (RAISED, states[0].id, "drugs")
    assert "sealed" not in raised.data["data"]
    assert ear.comments[0] == "connected"


async def test_types_and_forces_narrow_what_is_heard(service: Notifications, place: Place) -> None:
    other = place.add_force()
    await service.knows(other)
    both = f"{place.force},{other}"
    async with (
        listening(service.client(force=both), type=["action-opened"]) as actions,
        listening(service.client(force=both), force=[other]) as elsewhere,
        listening(service.client(force=both)) as everything,
    ):
        states = await service.recorded(concern_raised(place.force), action_opened(place.force), concern_raised(other))
        await eventually(everything.heard_of(states))
        await eventually(actions.heard_of([states[1]]))
        await eventually(elsewhere.heard_of([states[2]]))

    assert (actions.subjects, elsewhere.subjects) == ([states[1].id], [states[2].id])


async def test_a_force_added_while_the_stream_is_open_is_heard_from_its_first_event_on(service: Notifications, place: Place) -> None:
    new = place.add_force()
    async with listening(service.client(force=f"{place.force},{new}")) as ear:
        (first,) = await service.recorded(concern_raised(new))
        await eventually(ear.heard_of([first]))
        cursor = ear.last_id
        newer = place.add_force()
        (second,) = await service.recorded(concern_raised(newer))
        await service.knows(newer)

    async with listening(service.client(force=f"{place.force},{new},{newer}"), after=cursor) as again:
        await eventually(again.heard_of([second]))

    assert (again.subjects, [each.event for each in again.heard]) == ([second.id], [RAISED])


async def test_what_may_not_be_heard_is_refused(service: Notifications) -> None:
    refused = [({"force": "essex"}, 403), ({"force": "no force at all"}, 403), ({"type": "concern-raised.v1"}, 422), ({"typ": "x"}, 422)]
    async with service.client() as client:
        for params, status in refused:
            answer = await client.get("/v1/stream", params=params)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), params


async def test_only_those_who_may_read_or_subscribe_hear(service: Notifications) -> None:
    async with service.client("recorder,publisher,operator,controller") as others, httpx2.AsyncClient(base_url=service.url) as nobody:
        assert (await others.get("/v1/stream")).status_code == 403
        assert (await nobody.get("/v1/stream")).status_code == 401


async def test_a_stream_ends_when_its_grant_is_revoked(service: Notifications, place: Place) -> None:
    async with listening(service.client(subject="gone")) as ear, listening(service.client()) as other:
        await eventually(ear.heard_of(await service.recorded(concern_raised(place.force))))
        service.revoke("gone")
        await ear.over()
        states = await service.recorded(concern_raised(place.force))
        await eventually(other.heard_of(states))

    assert ear.comments[-1] == "ended: a grant was revoked"
    assert len(ear.heard) == 1
    assert (await _asked_again(service)).status_code == 403


async def _asked_again(service: Notifications) -> httpx2.Response:
    async with service.client(subject="gone") as client:
        return await client.get("/v1/stream")


async def test_a_stream_ends_with_its_token(service: Notifications) -> None:
    async with listening(service.client(lifetime=2)) as ear:
        await ear.over()

    assert ear.comments[-1] == "ended: its time is up"


async def test_a_stream_ends_at_once_when_the_service_stops(service: Notifications) -> None:
    async with listening(service.client()) as ear:
        await eventually(ear.begun)
        service.runtime.stopping.set()
        await ear.over(within=1)

    assert ear.comments[-1] == "ended: the service stops"


def next_of(cursor: str) -> object:
    """What a cursor says of where to go on; it also says when it was written, which is no progress."""
    return json.loads(from_base64url(cursor)[MAC_BYTES:])["next"]


async def test_a_stream_that_has_nothing_to_tell_shows_that_it_lives(
    place: Place, concerns: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"ROUNDTABLE_STREAM_HEARTBEAT_SECONDS": "0.1"}
    async with serving(place, concerns, monkeypatch, quick) as service:
        async with listening(service.client(), type=["engagement.meeting-held.v1"]) as ear:
            await eventually(ear.begun)
            before = ear.last_id
            await service.recorded(concern_raised(place.force))

            async def moved_on() -> bool:
                await asyncio.sleep(0)
                return "heartbeat" in ear.comments and next_of(ear.last_id) != next_of(before)

            await eventually(moved_on)
        async with listening(service.client(), after=ear.last_id) as again:
            states = await service.recorded(concern_raised(place.force))
            await eventually(again.heard_of(states))
    assert ear.heard == []
    # What was left out on the way has been read all the same.
    assert again.subjects == [states[0].id]


async def test_a_stream_lasts_no_longer_than_it_may_and_is_gone_on_with(
    place: Place, concerns: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(place, concerns, monkeypatch, {"ROUNDTABLE_STREAM_SECONDS": "0.5"}) as service:
        async with listening(service.client()) as ear:
            await ear.over()
        states = await service.recorded(concern_raised(place.force))
        await eventually(service.consumed)
        heard = await heard_by_going_on(service, ear.last_id)
    assert ear.comments[-1] == "ended: its time is up"
    assert heard == [states[0].id]


async def heard_by_going_on(service: Notifications, last_id: str) -> list[str]:
    """What somebody hears first who comes again whenever the time is up: on a busy machine it may be before anything was sent."""
    async with asyncio.timeout(30):
        while True:
            async with listening(service.client(), after=last_id) as ear:
                await ear.over()
            if ear.heard:
                return ear.subjects
            last_id = ear.last_id or last_id


@pytest.mark.parametrize("patience", [0.3, 30.0])
async def test_a_client_that_takes_nothing_is_let_go_and_others_hear_on(
    place: Place, concerns: Runtime, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr("notifications.stream.SEND_SECONDS", patience)
    large = [{"force": "kent", "id": new_id()} for _ in range(45)]
    dropped = stream_clients_dropped_total._value.get()
    async with serving(place, concerns, monkeypatch, {"ROUNDTABLE_STREAM_QUEUE": "40"}, send_buffer=8_192) as service:
        hub = parts(service.runtime).hub
        async with listening(service.client()) as ear:
            await eventually(ear.begun)
            with stuck(service) as client:
                await eventually(lambda: _clients(hub, 2))
                while not (patience < 1 and hub.clients == 1) and not any(each.too_slow for each in hub.listeners):
                    states = await service.recorded(*(concern_raised(place.force, related=large) for _ in range(10)))
                    await eventually(ear.heard_of(states))
                if patience > 1:
                    await asyncio.to_thread(_read_on, client)
                await eventually(lambda: _clients(hub, 1))
        assert stream_clients_dropped_total._value.get() == dropped + 1
        assert len(ear.heard) == len(set(ear.subjects))


@contextmanager
def stuck(service: Notifications) -> Iterator[socket.socket]:
    """A client that asks for the stream and takes nothing of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", int(service.url.rsplit(":", 1)[1])))
    token = service.client().headers["Authorization"]
    client.sendall(f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
    try:
        yield client
    finally:
        client.close()


def _read_on(client: socket.socket) -> None:
    """Take what waits, until the stream says why it ends."""
    client.settimeout(10)
    taken = b""
    while b"ended: too slow" not in taken:
        taken = taken[-100:] + client.recv(65_536)


async def _clients(hub: Hub, count: int) -> bool:
    await asyncio.sleep(0)
    return hub.clients == count
