"""What runs by docker compose needs an engine: whoever asks for these tests hears when there is none."""

import pytest

from tests.docker_engine import OLDEST_COMPOSE, composes


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    if not composes():
        wanted = ".".join(map(str, OLDEST_COMPOSE))
        pytest.exit(f"these tests need a Docker engine and docker compose {wanted} or later, and there is none", returncode=1)
