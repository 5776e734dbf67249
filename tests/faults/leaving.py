"""Somebody with everything open in a force: a live stream, a replay, a page, an export, and a webhook that is to be tried again."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2

from roundtable.grants import Grant
from roundtable.provisioning.grants import revocation
from roundtable.sign_in import sign_in_link
from tests.faults.evidence import Document
from tests.faults.leaver import Asker, Stream, signed_in
from tests.faults.receiver import Receiver
from tests.faults.scene import Scene
from tests.faults.world import World
from tests.journeys.reaching import created, wait_until

SUBJECT = "leaver"
SOME = 5
"""Events of a replay after which its reader takes no more."""


@dataclass
class Leaver:
    """What somebody has open when their grant goes.

    Attributes:
        quiet: the force of the webhook, in which nothing else happens.
    """

    world: World
    there: Scene
    quiet: str
    receiver: Receiver
    live: Stream
    pages: Asker
    export: Asker
    replay: Stream

    def gone(self) -> bool:
        """Whether everything that is read has ended or is refused."""
        return self.live.over.is_set() and self.pages.refused.is_set() and self.export.refused.is_set()

    def attempts(self) -> int:
        """How often the webhook was tried."""
        return len(self.receiver.at(SUBJECT))

    def delivery(self) -> Document:
        """The delivery that waits."""
        with self.world.cluster.engines.mongo.client() as client:
            return dict(client["notifications"]["deliveries"].find_one({"force": self.quiet}) or {})

    def revoke(self) -> float:
        """Take every grant away, as the operator's command does; the moment (monotonic seconds)."""
        with self.world.cluster.engines.mongo.client() as client:
            for force in (self.there.force, self.quiet):
                update = revocation(SUBJECT, force, datetime.now(UTC))
                client["registry"]["grants"].update_one({"_id": f"{SUBJECT}:{force}"}, update, upsert=True)
        return time.monotonic()


@contextmanager
def leaving(world: World, there: Scene, behind: int) -> Iterator[Leaver]:
    """Somebody who listens, looks, exports and is told, and so many events behind listens a second time."""
    quiet, token = world.new_force(), world.token(f"{there.force}:reader,subscriber", subject=SUBJECT)
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver(status=500))
        live = stack.enter_context(closing(Stream(world.url("notifications"), token, there.force)))
        wait_until(lambda: bool(live.last_id))
        beginning = live.last_id
        pages = stack.enter_context(closing(Asker(_page(world, there, stack))))
        export = stack.enter_context(closing(Asker(_export(world, there, stack))))
        there.reach(behind)
        _subscribe(world, quiet, receiver)
        replay = stack.enter_context(closing(Stream(world.url("notifications"), token, there.force, beginning, most=SOME)))
        wait_until(lambda: len(replay.shown) >= SOME and len(receiver.at(SUBJECT)) == 1)
        yield Leaver(world, there, quiet, receiver, live, pages, export, replay)


def _page(world: World, there: Scene, stack: ExitStack) -> Callable[[], bool]:
    """A page of the force, by a session."""
    link = sign_in_link(world.cluster.engines.provisioning, world.url("readmodel"), SUBJECT, [Grant(there.force, ("reader",))])
    browser = signed_in(link)
    stack.callback(browser.close)
    return lambda: there.force in browser.get(f"/forces/{there.force}").text


def _export(world: World, there: Scene, stack: ExitStack) -> Callable[[], bool]:
    """Pages of a sheet, one after another."""
    client = stack.enter_context(world.client("readmodel", f"{there.force}:reader", subject=SUBJECT))
    wanted = {"force": there.force, "limit": "200"}
    return lambda: client.get("/v1/concerns", params=wanted, headers={"Accept": "text/csv"}).status_code == httpx2.codes.OK


def _subscribe(world: World, quiet: str, receiver: Receiver) -> None:
    """A webhook whose first attempt is refused: it is due again in five to six seconds."""
    path = f"/v1/forces/{quiet}"
    with world.client("notifications", f"{quiet}:subscriber", subject=SUBJECT) as client:
        created(client.post(f"{path}/subscriptions", json={"channel": "webhook", "url": receiver.url(SUBJECT)}))
    with world.client("concerns", f"{quiet}:recorder") as client:
        created(client.post(f"{path}/concerns", json={"category": "drugs"}))
