"""The engines in containers of the official images, closed to everyone without a grant like the embedded stack.

Configuration, ports and provisioning are the embedded stack's own. The data folder has the same path inside and
outside, and each engine the same port: what a node announces of itself must hold for its clients and for itself.
"""

import json
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

from testcontainers.core.container import DockerContainer

from roundtable.credentials import Credentials, write_private
from roundtable.errors import OperatorError
from roundtable.home import Home
from roundtable.native import Engines
from roundtable.native.engines import provisioned
from roundtable.native.kafka import Kafka
from roundtable.native.kafka import server as kafka
from roundtable.native.lock import locked
from roundtable.native.mongo import Mongo, replica_set
from roundtable.native.mongo import server as mongo
from roundtable.native.ports import LOOPBACK
from tests.docker_engine import KAFKA, MONGO, container_user

_ANYWHERE = "0.0.0.0"  # noqa: S104 - inside its container; outside, the port is the loopback's alone
_KAFKA_PROGRAMS = "/opt/kafka/bin"
_TICK = 0.1

# MongoDB's localhost exception holds inside the container alone: from outside nobody is on its own machine.
_FIRST_USER = """
rs.initiate({set});
while (!db.hello().isWritablePrimary) sleep(50);
db.getSiblingDB("admin").createUser({user});
"""


class Contained:
    """A started container and the log that its engine writes into the data folder."""

    def __init__(self, container: DockerContainer, log: Path) -> None:
        """Follow this container."""
        self._container = container
        self._log = log

    @property
    def pid(self) -> int:
        """Process id of the engine on this machine, which is ours to signal: it runs as our user."""
        self._container.reload()
        return int(self._container.get_wrapped_container().attrs["State"]["Pid"])

    def await_answer(self, missing: Callable[[], str | None], within: float) -> None:
        """Wait until nothing is missing; raises OperatorError, with the end of the log, when it died or the seconds are over."""
        deadline = time.monotonic() + within
        while what := missing():
            if not self._runs() or time.monotonic() > deadline:
                message = f"{self._container.image} {what}. The end of {self._log}:\n{self.log()[-4000:]}"
                raise OperatorError(message)
            time.sleep(_TICK)

    def log(self) -> str:
        """What the engine, or what failed to start it, has said so far."""
        written = self._log.read_text(errors="replace") if self._log.exists() else ""
        return written or b"".join(self._container.get_logs()).decode(errors="replace")

    def refusal(self, *argv: str) -> str | None:
        """Run a command inside; None when it succeeds, else what it said."""
        done = self._container.exec(list(argv))
        return None if done.exit_code == 0 else f"refuses: {done.output.decode(errors='replace')}"

    def _runs(self) -> bool:
        self._container.reload()
        return self._container.status in {"created", "running"}


@contextmanager
def container_engines(root: Path) -> Iterator[Engines]:
    """Start both engines on a data folder, and remove their containers at the end; the folder stays.

    Raises OperatorError when an engine does not answer within a minute.
    """
    home = Home.chosen(root).prepare()
    with locked(home), ExitStack() as containers:
        log = _start_kafka(home, containers)
        database = _start_mongo(home, containers)
        database.await_ready()
        log.await_ready()
        engines = provisioned(home, log, database, children=[])
        with closing(engines.provisioning.mongo):
            yield engines


def _start_mongo(home: Home, containers: ExitStack) -> Mongo:
    port, options = mongo.configured(home, _ANYWHERE)
    log = home.logs / "mongo.log"
    container = _container(home, MONGO, port, entrypoint="mongod").with_command([*options, "--logpath", str(log)])
    mongod = Contained(containers.enter_context(container), log)
    database = Mongo(mongod, port, Credentials(home.secrets))
    _initiate(home, database, mongod)
    return database


def _start_kafka(home: Home, containers: ExitStack) -> Kafka:
    node, properties = kafka.configured(home, _ANYWHERE)
    log = home.logs / "kafka.log"
    container = _container(home, KAFKA, node.clients.port, entrypoint=["sh", "-c"])
    container.with_command([_kafka_script(*kafka.format_command(properties, node), properties, log)])
    container.with_envs(
        LOG_DIR=str(home.logs),
        KAFKA_HEAP_OPTS=" ".join(kafka.HEAP),
        KAFKA_JVM_PERFORMANCE_OPTS=" ".join(kafka.QUICK_START),
    )
    started = Contained(containers.enter_context(container), log)
    return Kafka(started, node.clients.port, Credentials(home.secrets))


def _kafka_script(formatting: tuple[str, ...], arguments: Path, properties: Path, log: Path) -> str:
    """The image's own start knows neither a configuration from outside the environment nor first users."""
    formats = shlex.join([f"{_KAFKA_PROGRAMS}/kafka-storage.sh", *formatting])
    serves = shlex.join([f"{_KAFKA_PROGRAMS}/kafka-server-start.sh", str(properties)])
    return f"exec >{shlex.quote(str(log))} 2>&1; {formats} && rm {shlex.quote(str(arguments))} && exec {serves}"


def _container(home: Home, image: str, port: int, entrypoint: str | list[str]) -> DockerContainer:
    container = DockerContainer(image).with_volume_mapping(home.root, str(home.root), "rw,z")
    container.with_kwargs(user=container_user(), entrypoint=entrypoint)
    # The engine takes an address with the port, whatever the annotation says.
    cast("dict[str, Any]", container.ports)[f"{port}/tcp"] = (LOOPBACK, port)
    return container


def _initiate(home: Home, database: Mongo, mongod: Contained) -> None:
    """Initiate the replica set and make its administrator."""
    script = home.mongo / "initiate.js"
    members = [{"_id": 0, "host": database.address}]
    user = {"user": "admin", "pwd": database.secrets.of("mongo", "admin"), "roles": ["root"]}
    written = {"set": json.dumps({"_id": replica_set.NAME, "members": members}), "user": json.dumps(user)}
    write_private(script, _FIRST_USER.format(**written))
    mongod.await_answer(lambda: None if "Waiting for connections" in mongod.log() else "does not listen", mongo.START_SECONDS)
    shell = ("mongosh", "--quiet", "--norc", "--port", str(database.port), "--file", str(script))
    mongod.await_answer(lambda: mongod.refusal(*shell), mongo.START_SECONDS)
    script.unlink()
