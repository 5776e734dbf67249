"""How much is overdue in each force, counted now and then for whoever watches the metrics."""

from typing import Final

import structlog

from chassis import metrics
from chassis.logs import told
from chassis.mongo import Unavailable
from chassis.runtime import Runtime
from contracts.action import Action
from contracts.concern import Concern
from readmodel.arrivals import wait
from readmodel.filters import overdue_actions, overdue_responses
from readmodel.parts import parts
from readmodel.views.figures import counted

log = structlog.get_logger()
EVERY_SECONDS: Final = 15.0


async def gauge_overdue(runtime: Runtime) -> None:
    """Keep the gauges of what is overdue until the service stops."""
    while not runtime.stopping.is_set():
        try:
            await measure(runtime)
        except Unavailable as error:
            log.warning("overdue_not_counted", error=told(error))
        await wait(runtime.stopping, EVERY_SECONDS)


async def measure(runtime: Runtime) -> None:
    """Count once, as the figures do: a sensitive record counts under `sensitive` alone."""
    store, forces, now = parts(runtime).store, list(runtime.registry.forces), runtime.now()
    among = {"force": {"$in": forces}, "sensitive": False}
    responses = await counted(store, Concern, among | overdue_responses(now))
    actions = await counted(store, Action, among | overdue_actions(now))
    for force in forces:
        metrics.first_response_overdue.labels(force=force).set(responses.get(force, 0))
        metrics.actions_overdue.labels(force=force).set(actions.get(force, 0))
