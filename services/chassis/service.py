"""A service as its `main` describes it: a name, settings, routers and work in the background."""

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import NoReturn

from fastapi import APIRouter

from chassis import handlers, health, logs, metrics, reference
from chassis.auth import Authenticator
from chassis.documents import DocumentedApp
from chassis.entrance import Entrance
from chassis.health import Unready
from chassis.kafka import reachable
from chassis.keys import KeyFiles, KeyStore
from chassis.logs import told
from chassis.mongo import Mongo, Unavailable
from chassis.problems import Refusals
from chassis.registry import Registry
from chassis.runtime import Runtime
from chassis.serving import Work, serve
from chassis.settings import Settings, load

_NO_REFUSALS: Mapping[type[Exception], tuple[int, str]] = {}


@dataclass(frozen=True)
class Service:
    """What a `main` says of its service.

    Attributes:
        name: name of the folder, the database and the Kafka user.
        settings: the class of its settings.
        routers: its operations.
        background: what runs until `runtime.stopping`; one that raises ends the process, which is then restarted.
        refusals: the service's errors, and the status and problem type that each becomes.
        opens: whether the service has access to the key store.
        needs_kafka: whether it is of no use while Kafka is away; one that only records goes on.
        setup: what must be done before the background work begins (indexes); tried again while MongoDB is away.
    """

    name: str
    settings: type[Settings]
    routers: Sequence[APIRouter]
    background: Sequence[Work] = ()
    refusals: Refusals = field(default_factory=lambda: _NO_REFUSALS)
    setup: Work | None = None
    description: str = ""
    opens: bool = True
    needs_kafka: bool = True

    def app(self, runtime: Runtime) -> DocumentedApp:
        """The HTTP side of the service. It starts nothing, and connects to nothing until it is asked."""
        app = DocumentedApp(
            title=f"Roundtable: {self.name}",
            version=version("roundtable"),
            description=self.description,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        app.state.runtime = runtime
        handlers.install(app, self.refusals)
        for router in (*self.routers, health.router, metrics.router, reference.router):
            app.include_router(router)
        metrics.instrument(app)
        app.add_middleware(Entrance)
        return app


def assemble(name: str, settings: Settings) -> Runtime:
    """The parts of a service, from its settings; none of them has connected yet."""
    password = partial(settings.password_now, "mongo")
    mongo = Mongo(settings.mongo_url.get_secret_value(), settings.mongo_driver, settings.database_prefix, password, settings.engines_ca)
    authenticator = Authenticator(settings.trusted())
    runtime = Runtime(
        name=name,
        settings=settings,
        mongo=mongo,
        keys=KeyStore(mongo, KeyFiles(settings.keys_dir)),
        registry=Registry.of(mongo),
        authenticator=authenticator,
    )
    runtime.checks.add("mongo", lambda: _mongo_is_there(runtime))
    runtime.checks.add("jwks", authenticator.probe)
    runtime.exits.push_async_callback(mongo.close)
    return runtime


async def _mongo_is_there(runtime: Runtime) -> None:
    try:
        await runtime.mongo.ping()
    except Unavailable as error:
        message = "MongoDB does not answer"
        raise Unready(message) from error
    if not runtime.registry.loaded or not runtime.prepared.is_set():
        message = "MongoDB answers; the registry and the indexes are not read yet"
        raise Unready(message)


async def _keys_are_there(runtime: Runtime) -> None:
    try:
        await runtime.keys.probe()
    except Unavailable as error:
        raise Unready(told(error)) from error


def run(service: Service) -> NoReturn:
    """Read the settings, serve until told to stop, and exit: 0 after a stop, 1 when work died, 78 for a wrong setting."""
    settings = load(service.settings, service.name)
    logs.configure(service.name, settings.log_level)
    raise SystemExit(asyncio.run(_serve(service, settings)))


async def _serve(service: Service, settings: Settings) -> int:
    runtime = assemble(service.name, settings)
    runtime.checks.add("kafka", lambda: reachable(settings), required=service.needs_kafka)
    if service.opens:
        runtime.checks.add("keys", lambda: _keys_are_there(runtime))
    app = service.app(runtime)
    # Whoever asks for the document first would have the loop stand still for the fifth of a second that it takes to write.
    app.written()
    # What is loaded by now stays: to look through it for garbage, as a full collection does, would stop the loop for a tenth of a second.
    gc.collect()
    gc.freeze()
    return await serve(app, runtime, service.setup, service.background)


__all__ = ["Runtime", "Service", "Work", "assemble", "run"]
