"""The notifications service, from top to bottom."""

from chassis.service import Service, run
from notifications import api, store, stream
from notifications.reinstate import reinstate
from notifications.send import send
from notifications.settings import Settings
from notifications.tell import tell

SERVICE = Service(
    "notifications",
    Settings,
    routers=[api.router, stream.router],
    background=[tell, send, reinstate, stream.follow],
    refusals=api.REFUSALS,
    setup=store.setup,
    opens=False,
    description="Tells subscribers what happened: by webhook, with every delivery on record, and by a live stream that resumes.",
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
