"""The rebuild in the background of every process: hears what operators want, and takes its turn to build, one process at a time."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from chassis.lease import Lease
from chassis.logs import told
from chassis.mongo import Unavailable
from chassis.parked import TooManyParked
from chassis.positions import LostPartition
from chassis.runtime import Runtime
from chassis.waits import together
from readmodel.arrivals import wait
from readmodel.build import CARRY_ON_SECONDS, build, go_on
from readmodel.builder import Dropped, TooEarly, Unfit
from readmodel.model import DATABASE, Model, Outcome, Standing, Wanted
from readmodel.models import Wish
from readmodel.parts import parts
from readmodel.projections import PROJECTION
from readmodel.verifying import Differs

log = structlog.get_logger()
LOOK_SECONDS: Final = 0.5
RENEW_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 5.0
PASSING: Final = (KafkaError, Unavailable, LostPartition, TooEarly, TimeoutError, OSError)
"""An engine is away, or another process works on the model too: the positions say where to go on."""


async def rebuild(runtime: Runtime) -> None:
    """Build what is wanted of this projection, when it is this process's turn, until the service stops."""
    turns = Turns(runtime)
    try:
        await together(turns.work(), turns.keep_lease(), turns.listen())
    finally:
        with suppress(Unavailable):
            await turns.end()


class Turns:
    """One process that builds when it holds the lease of its projection."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._own = parts(runtime)
        self._models = self._own.live.models
        self._lease = Lease(runtime.mongo, DATABASE, f"rebuild_p{PROJECTION}")
        self._holds = False
        self._loop = asyncio.get_running_loop()
        self._sweep_at = 0.0

    async def keep_lease(self) -> None:
        """Hold the lease, as soon and as long as that can be."""
        while not self._runtime.stopping.is_set():
            try:
                self._holds = await self._lease.hold()
            except Unavailable:
                # Whether it is held is not known: somebody else may hold it by now.
                self._holds = False
            await wait(self._runtime.stopping, RENEW_SECONDS if self._holds else LOOK_SECONDS)

    async def end(self) -> None:
        """Let the lease go."""
        await self._lease.release()

    async def listen(self) -> None:
        """Hear what operators want, also while a model is built."""
        while not self._runtime.stopping.is_set():
            try:
                standing = await self._own.live.look() if self._holds else None
                if standing is not None:
                    await self._hear(standing)
            except Unavailable as error:
                log.warning("wishes_not_heard", error=told(error))
            await wait(self._runtime.stopping, LOOK_SECONDS)

    async def work(self) -> None:
        """Take turns."""
        while not self._runtime.stopping.is_set():
            await self.take()
            await wait(self._runtime.stopping, LOOK_SECONDS)

    async def take(self) -> None:
        """Do what is to be done; what an engine that is away interrupts, the next turn goes on with."""
        try:
            standing = await self._own.live.look() if self._holds else None
            if standing is not None:
                await self._serve(standing)
        except Dropped:
            log.info("rebuild_dropped")
        except PASSING as error:
            log.warning("rebuild_waits", why=type(error).__name__, error=told(error))

    async def _hear(self, standing: Standing) -> None:
        """Hear an operator's wish; and want a model of this projection where an older one is live."""
        wish = await self._models.wish()
        if wish is not None and wish.id != standing.heard:
            await self._grant(wish, standing.wanted)
        elif standing.live.projection < PROJECTION and not standing.gave_up(PROJECTION):
            await self._succeed(standing.wanted)

    async def _succeed(self, wanted: Wanted | None) -> None:
        """Want a model of this projection; what is built of an older one would not be live for long."""
        if wanted is None:
            await self._models.begin(PROJECTION)
        elif wanted.model.projection < PROJECTION:
            await self._models.end(wanted.model, Outcome.CANCELLED, "a newer release builds a model of its own")

    async def _grant(self, wish: Wish, wanted: Wanted | None) -> None:
        if wish.cancels and wanted is not None:
            await self._models.end(wanted.model, Outcome.CANCELLED, "an operator asked for it", wish)
        elif wish.cancels or (wanted is not None and wanted.model.projection == wish.projection):
            await self._models.hear(wish)
        elif wish.projection == PROJECTION and wanted is not None:
            await self._models.end(wanted.model, Outcome.CANCELLED, f"an operator asked for a model of projection {PROJECTION}")
        elif wish.projection == PROJECTION:
            await self._models.begin(PROJECTION, wish)

    async def _serve(self, standing: Standing) -> None:
        live, wanted, since = standing.live, standing.wanted, standing.seconds
        if wanted is not None and wanted.model.projection == PROJECTION:
            await self._build(wanted)
        elif live.projection == PROJECTION and since is not None and since < CARRY_ON_SECONDS:
            await go_on(self._runtime, self._own, live, CARRY_ON_SECONDS - since, lambda: self._goes_on(live))
        elif self._loop.time() > self._sweep_at:
            await self._models.sweep()
            self._sweep_at = self._loop.time() + SWEEP_SECONDS

    async def _build(self, wanted: Wanted) -> None:
        try:
            await build(self._runtime, self._own, wanted, lambda: self._goes_on(wanted.model))
        except OffsetOutOfRangeError:
            await self._give_up(wanted.model, "the log does not hold every event from the first one on")
        except (Differs, Unfit, TooManyParked) as error:
            await self._give_up(wanted.model, str(error))
        except (Dropped, *PASSING):
            raise
        # The live model is as good as before, whatever is wrong with the new one: the service goes on, and the operator is told.
        except Exception as error:
            log.exception("rebuild_failed")
            await self._give_up(wanted.model, f"{type(error).__name__}: the log of the read model says more")

    async def _give_up(self, model: Model, why: str) -> None:
        log.error("rebuild_given_up", model=str(model), why=why)
        await self._models.end(model, Outcome.FAILED, why)

    def _goes_on(self, model: Model) -> bool:
        return self._holds and self._own.live.wants(model) and not self._runtime.stopping.is_set()
