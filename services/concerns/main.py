"""The concerns service, from top to bottom."""

from chassis.relay import relay
from chassis.service import Service, run
from chassis.sweep import sweep_orphan_keys
from concerns import api, store
from concerns.settings import Settings

SERVICE = Service(
    "concerns",
    Settings,
    routers=api.ROUTERS,
    background=[relay, sweep_orphan_keys],
    refusals=api.REFUSALS,
    setup=store.setup,
    needs_kafka=False,
    description="Records what communities raised, what was promised to them, and what came of it: concerns and actions.",
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
