"""What one process of the read model has besides what every service has. It is made at first use, and needs nobody to be there."""

from chassis.health import Unready
from chassis.positions import COLLECTION as POSITIONS
from chassis.runtime import Runtime
from chassis.stored_log import LogReader
from readmodel.arrivals import Arrivals
from readmodel.live import Live
from readmodel.model import DATABASE
from readmodel.projections import PROJECTION
from readmodel.store import Store


class Parts:
    """The parts of one process.

    Attributes:
        live: which model is live.
        arrivals: the news of what this process commits.
        log: reads events as they are stored.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.live = Live(runtime.mongo, runtime.keys)
        self.arrivals = Arrivals()
        self.log = LogReader(runtime.settings)
        runtime.exits.push_async_callback(self.log.close)

    @property
    def store(self) -> Store:
        """The live model, as it stands at this moment."""
        return self.live.store

    @property
    def projects(self) -> bool:
        """Whether the live model is one that this release may write to."""
        return self.store.model.projection == PROJECTION


def parts(runtime: Runtime) -> Parts:
    """The parts of the process that a runtime is of."""
    try:
        return runtime.kept(Parts)
    except KeyError:
        return runtime.keep(Parts(runtime))


async def setup(runtime: Runtime) -> None:
    """Make sure that one model is live, and of its collections and indexes, unless it is another release's."""
    own = parts(runtime)
    await own.live.models.setup(PROJECTION)
    await own.live.look()
    await runtime.mongo.ensure_collection(DATABASE, POSITIONS)
    await own.store.parked.prepare()
    if own.projects:
        await own.store.create()
        await own.store.index()
    runtime.checks.add("model", lambda: _is_ours(own), required=False)


async def follow(runtime: Runtime) -> None:
    """Read whichever model is live, until the service stops."""
    await parts(runtime).live.follow(runtime.stopping)


async def _is_ours(own: Parts) -> None:
    """Whether this release projects, and why not."""
    if own.projects:
        return
    message = f"{own.store.model} is live, and is read; this release, of projection {PROJECTION}, does not write to it"
    standing = own.live.standing
    if standing is not None and standing.ended is not None and standing.gave_up(PROJECTION):
        ended = standing.ended
        message += f"; {ended.model} was {ended.outcome}: {ended.why}: `roundtable rebuild` tries again"
    raise Unready(message)
