"""A wrong secret is found at start: the service ends and names it, rather than wait for an engine that never lets it in.

One that is exchanged later is followed.
"""

import asyncio
from typing import Final

import structlog

from chassis.health import Unready
from chassis.kafka import show_passwords, sign_in, trusted
from chassis.mongo import LOOKS_SECONDS, SETTLES_SECONDS, SignInRefused
from chassis.runtime import Runtime

log = structlog.get_logger()
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
        await _pause(runtime.stopping, PAUSE_SECONDS)


async def follow_secrets(runtime: Runtime) -> None:
    """Let Kafka's clients trust those who sign certificates by now, and show another password once one has been written for long enough.

    MongoDB's clients see to the same by themselves.
    """
    shown = runtime.settings.password_now("kafka")
    while not runtime.stopping.is_set():
        await _pause(runtime.stopping, LOOKS_SECONDS)
        trusted(runtime.settings.engines_ca)
        if (written := runtime.settings.password_now("kafka")) != shown:
            await _pause(runtime.stopping, SETTLES_SECONDS)
            show_passwords()
            shown = written
            log.info("signs_in_anew", engine="kafka")


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
