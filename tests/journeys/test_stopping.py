"""SIGTERM drains and ends each service within ten seconds, with a stream open."""

import secrets
import time

import pytest

from roundtable.native.services import NAMES
from tests.journeys.conftest import Product, wait_until
from tests.journeys.listening import Listener


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_is_told_to_stop_drains_and_ends_within_ten_seconds(product: Product, name: str) -> None:
    service = product.services[name]
    with Listener(product, ("northamptonshire:subscriber",), ("northamptonshire",)) as listener:
        began = time.monotonic()
        service.child.terminate()
        wait_until(lambda: service.child.exit_status() is not None, within=10)
        seconds = time.monotonic() - began
        if name == "notifications":
            assert listener.ended.wait(1), "the stream ends with its service"
    status = service.child.exit_status()
    service.child.restart()
    service.await_ready()

    assert status == 0
    print(f"\n{name} ended {seconds:.1f} s after SIGTERM")  # noqa: T201 - a figure to read


def test_what_was_accepted_before_the_stop_reaches_the_read_model(product: Product) -> None:
    force = f"s-{secrets.token_hex(4)}"
    product.add_force(force)
    service = product.services["concerns"]
    with product.client("concerns", f"{force}:recorder") as concerns:
        raised = [concerns.post(f"/v1/forces/{force}/concerns", json={"category": "drugs"}).json()["id"] for _ in range(20)]
    service.child.terminate()
    wait_until(lambda: service.child.exit_status() is not None, within=10)
    service.child.restart()
    service.await_ready()

    with product.client("readmodel", f"{force}:reader") as reader:
        wait_until(lambda: all(reader.get(f"/v1/concerns/{each}").status_code == 200 for each in raised))
