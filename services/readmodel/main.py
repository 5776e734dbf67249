"""The read model, from top to bottom."""

from chassis.runtime import Runtime
from chassis.service import Service, run
from readmodel import api, dashboard, parts
from readmodel.gauges import gauge_overdue
from readmodel.projector import project
from readmodel.rebuild import rebuild
from readmodel.settings import Settings


async def setup(runtime: Runtime) -> None:
    """Make sure of the indexes of the model and of the sessions."""
    await parts.setup(runtime)
    await dashboard.setup(runtime)


SERVICE = Service(
    "readmodel",
    Settings,
    routers=[*api.ROUTERS, *dashboard.ROUTERS],
    background=[project, rebuild, gauge_overdue, parts.follow],
    setup=setup,
    description="Shows what forces have recorded: lists, records, the chain of a meeting, figures, coverage and events; and the dashboard.",
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
