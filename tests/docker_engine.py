"""Where the tests' engines run: in containers where this machine has a Docker engine, as processes elsewhere."""

import gc
import os
import re
import subprocess
import warnings
from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import Any

from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient

KAFKA = "apache/kafka:4.3.0"
MONGO = "mongo:8.0"
CHOICE = "ROUNDTABLE_TEST_ENGINES"
OLDEST_COMPOSE = (2, 26)
_ANSWER_SECONDS = 5


@cache
def in_containers() -> bool:
    """What `ROUNDTABLE_TEST_ENGINES` says, `embedded` or `containers`; without it, whether there is a Docker engine."""
    chosen = os.environ.get(CHOICE) or ("containers" if docker_engine() else "embedded")
    if chosen not in {"containers", "embedded"}:
        message = f"{CHOICE} is {chosen!r}: say containers or embedded"
        raise ValueError(message)
    return chosen == "containers"


def docker_engine() -> bool:
    """Whether an engine on this machine answers and has, or can fetch, every image; asks for seconds, not minutes."""
    with warnings.catch_warnings():
        # A client that cannot connect leaves its socket to the garbage collector, which would blame a later test.
        warnings.simplefilter("ignore", ResourceWarning)
        serves = _serves()
        gc.collect()
    return serves


def _serves() -> bool:
    try:
        with closing(DockerClient(timeout=_ANSWER_SECONDS).client) as engine:
            return _shares_our_folders(engine) and all(_obtainable(engine, image) for image in _images())
    # The HTTP client's own failures, such as a silent engine's timeout, are OSErrors.
    except (DockerException, OSError):
        return False


def fetch_images(tell: Callable[[str], None]) -> None:
    """Pull what is missing; done before the first test, whose time limit is too short for it."""
    with closing(DockerClient().client) as engine:
        for image in _images():
            if not _is_here(engine, image):
                tell(f"pulling {image}")
                engine.images.pull(image)


def container_user() -> str:
    """The user in a container who is us outside, so that we can read the engines' files, and delete them."""
    with closing(DockerClient().client) as engine:
        rootless = "name=rootless" in engine.info()["SecurityOptions"]
    return "0:0" if rootless else f"{os.getuid()}:{os.getgid()}"


def _images() -> list[str]:
    """The engines' images, and that of the container that clears up after a killed test run."""
    clearing = [] if testcontainers_config.ryuk_disabled else [testcontainers_config.ryuk_image]
    return [testcontainers_config.hub_image_name_prefix + image for image in (KAFKA, MONGO, *clearing)]


def _shares_our_folders(engine: Any) -> bool:
    """A socket's engine runs here; one behind a network or an SSH address has neither our folders nor our loopback."""
    return str(engine.api.base_url) == "http+docker://localhost"


def _obtainable(engine: Any, image: str) -> bool:
    """Raises DockerException when the registry does not know the image, or is out of the engine's reach."""
    return _is_here(engine, image) or bool(engine.images.get_registry_data(image))


def _is_here(engine: Any, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        return False
    return True


def composes() -> bool:
    """Whether the tests may have docker compose run the product: there is an engine for them, and a compose of our time."""
    return in_containers() and _compose_version() >= OLDEST_COMPOSE


def _compose_version() -> tuple[int, ...]:
    try:
        asked = ("docker", "compose", "version", "--short")
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    except OSError:
        return ()
    found = re.match(r"v?(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()
