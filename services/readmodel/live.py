"""Which model is live: looked up every half second, so that every process reads the same one soon after a swap."""

import asyncio
from typing import Final

import structlog

from chassis.keys import KeyStore
from chassis.logs import told
from chassis.mongo import Mongo, Unavailable
from readmodel.arrivals import wait
from readmodel.model import Model, Standing
from readmodel.models import GRACE_SECONDS, Models
from readmodel.store import Store

log = structlog.get_logger()
LOOK_SECONDS: Final = 0.5
LATEST_SECONDS: Final = GRACE_SECONDS / 2
"""How long a process may go on reading a model that is no longer live, because the new one is not yet as far."""
_TRIES, _PAUSE_SECONDS = 20, 0.01
"""How often a look compares the two, and the pause between: together less than the time until the next look."""


class Live:
    """The model that this process reads."""

    def __init__(self, mongo: Mongo, keys: KeyStore) -> None:
        self.models = Models(mongo)
        self._mongo = mongo
        self._keys = keys
        self._store: Store | None = None
        self._standing: Standing | None = None
        self._looked = asyncio.Event()

    @property
    def store(self) -> Store:
        """Where to read.

        Raises:
            Unavailable: it was not looked up yet.
        """
        if self._store is None:
            message = "which model is live was not read yet"
            raise Unavailable(message)
        return self._store

    @property
    def standing(self) -> Standing | None:
        """What stood when it was last looked up."""
        return self._standing

    def wants(self, model: Model) -> bool:
        """Whether a model was still wanted, or is live already, when it was last looked up."""
        standing = self._standing
        return standing is not None and (model == standing.live or (standing.wanted is not None and standing.wanted.model == model))

    async def look(self) -> Standing | None:
        """Look which model is live, and read that one as soon as nothing that was seen in the other is missing in it."""
        self._standing = standing = await self.models.standing()
        if standing is not None and (self._store is None or standing.live != self._store.model):
            store = Store(self._mongo, self._keys, standing.live)
            if self._store is not None:
                # Of a model that was swapped in every index is complete. At the start one may still be in the making.
                await store.look_for_indexes()
            # Nothing is waited for between that answer and the change: what is seen meanwhile in the old model could be missing in the new.
            if self._store is None or await self._may_follow(self._store, store, standing):
                log.info("model_is_live", model=str(standing.live))
                self._store = store
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()
        return standing

    async def follow(self, stopping: asyncio.Event) -> None:
        """Look now and then, until the service stops."""
        while not stopping.is_set():
            try:
                await self.look()
            except Unavailable as error:
                log.warning("live_model_not_read", error=told(error))
            await wait(stopping, LOOK_SECONDS)

    async def leaves(self, model: Model, stopping: asyncio.Event) -> None:
        """Return once another model is read than this one, or the service stops."""
        while self.store.model == model and not stopping.is_set():
            await wait(self._looked, LOOK_SECONDS)

    async def _may_follow(self, old: Store, new: Store, standing: Standing) -> bool:
        """Whether the new model is as far as the one read until now; a reader must not see time run backwards.

        While people write, one is ahead and then the other: it is looked for a moment at which the new one is not behind.
        """
        for _ in range(_TRIES):
            # The old one last: the new one can only be further by then.
            after = await new.positions.all()
            before = await old.positions.all()
            if all(after.get(partition, 0) >= offset for partition, offset in before.items()):
                return True
            await asyncio.sleep(_PAUSE_SECONDS)
        return standing.seconds is not None and standing.seconds > LATEST_SECONDS
