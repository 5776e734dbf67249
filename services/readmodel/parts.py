"""What one process of the read model has besides what every service has. It is made at first use, and needs nobody to be there."""

from chassis.kafka import LogReader
from chassis.runtime import Runtime
from readmodel.arrivals import Arrivals
from readmodel.store import Store


class Parts:
    """The parts of one process.

    Attributes:
        store: the live model.
        arrivals: the news of what this process commits.
        log: reads events as they are stored.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.store = Store(runtime.mongo, runtime.keys)
        self.arrivals = Arrivals()
        self.log = LogReader(runtime.settings)
        runtime.exits.push_async_callback(self.log.close)


def parts(runtime: Runtime) -> Parts:
    """The parts of the process that a runtime is of."""
    try:
        return runtime.kept(Parts)
    except KeyError:
        return runtime.keep(Parts(runtime))


async def setup(runtime: Runtime) -> None:
    """Make sure that collections and indexes are there."""
    await parts(runtime).store.setup()
