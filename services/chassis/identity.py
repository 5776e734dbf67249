"""A wrong secret is found at start: the service ends and names it, rather than wait for an engine that never lets it in."""

import asyncio
from typing import Final

from chassis.health import Unready
from chassis.kafka import sign_in
from chassis.mongo import SignInRefused
from chassis.runtime import Runtime

ATTEMPTS: Final = 3
"""A broker that has just started may not know its users for a moment."""
PAUSE_SECONDS: Final = 2.0


async def prove_identity(runtime: Runtime) -> None:
    """Sign in to Kafka, again while it is away; MongoDB is asked by everyone from the first moment on.

    Raises:
        SignInRefused: Kafka answers, and does not accept the user and password.
    """
    refused = 0
    while not runtime.stopping.is_set() and runtime.settings.kafka_security_protocol.startswith("SASL"):
        try:
            await sign_in(runtime.settings)
        except Unready:
            refused = 0
        except SignInRefused:
            refused += 1
            if refused == ATTEMPTS:
                raise
        else:
            break
        await _pause(runtime.stopping)


async def _pause(stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), PAUSE_SECONDS)
    except TimeoutError:
        return
