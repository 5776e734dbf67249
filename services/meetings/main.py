"""The meetings service, from top to bottom."""

from chassis.relay import relay
from chassis.service import Service, run
from chassis.sweep import sweep_orphan_keys
from meetings import api, store
from meetings.settings import Settings

SERVICE = Service(
    "meetings",
    Settings,
    routers=api.ROUTERS,
    background=[relay, sweep_orphan_keys],
    refusals=api.REFUSALS,
    setup=store.setup,
    needs_kafka=False,
    description="Records whom a force meets and where: organisations, neighbourhoods, meetings and the feedback on them.",
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
