"""The product on engines that speak TLS, as `roundtable demo --tls` starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from roundtable.native.engines import Engines, provisioned, silent
from roundtable.native.ports import is_free
from roundtable.native.services import NAMES, Service
from roundtable.native.stack import Stack, start_stack
from tests.faults.engines import Cluster
from tests.faults.proxy import Proxy
from tests.faults.world import World

PROGRAM = str(Path(sys.executable).with_name("roundtable"))
_COMMAND_SECONDS = 120


@contextmanager
def secured(root: Path) -> Iterator[World]:
    """Engines that speak TLS and four services, all of which are gone at the end."""
    with start_stack(root, _four_free_ports(), [], silent, tls=True) as stack, closing(Proxy()) as kafka, closing(Proxy()) as mongo:
        services = _services(stack)
        children = {child.name: child for child in stack.children}
        cluster = Cluster(stack.engines, [children["kafka"]], [children["mongo"]], kafka, mongo, on_small_disks=False)
        made = World(cluster, {name: service.port for name, service in services.items()}, services)
        try:
            yield made
        finally:
            made.close()


def run(world: World, *words: str) -> str:
    """What a command of the operator's prints; it must succeed."""
    argv = (PROGRAM, *words, "--home", str(world.cluster.engines.home.root))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def signed_in_anew(engines: Engines) -> Engines:
    """The same engines, by the administrators' passwords of now."""
    engines.provisioning.mongo.close()
    return provisioned(engines.home, engines.kafka, engines.mongo, engines.children)


def _services(stack: Stack) -> dict[str, Service]:
    children = {child.name: child for child in stack.children}
    return {name: Service(children[name], urlsplit(stack.addresses.services[name]).port or 0) for name in NAMES}


def _four_free_ports() -> int:
    return next(base for base in range(19_000, 19_900, 10) if all(is_free(base + offset) for offset in range(len(NAMES))))
