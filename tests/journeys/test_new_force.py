"""A force that is registered while everything runs is usable within 15 seconds, without a restart."""

import secrets
import time

from roundtable.provisioning import add_force
from tests.journeys.conftest import Product, wait_until
from tests.journeys.listening import Listener


def test_the_first_concern_of_a_new_force_is_in_the_read_model_and_on_the_stream(product: Product) -> None:
    force = f"n-{secrets.token_hex(4)}"
    began = time.monotonic()
    add_force(product.engines.provisioning, force)
    with product.client("concerns", f"{force}:recorder") as concerns, product.client("readmodel", f"{force}:reader") as reader:
        raised = {"category": "drugs"}
        wait_until(lambda: concerns.post(f"/v1/forces/{force}/concerns", json=raised).status_code == 201)
        wait_until(lambda: reader.get("/v1/concerns", params={"force": force}).status_code == 200)
        wait_until(lambda: len(reader.get("/v1/concerns", params={"force": force}).json()["items"]) == 1)
        wait_until(lambda: streams(product, force))
        with Listener(product, (f"{force}:subscriber",), (force,)) as listener:
            concerns.post(f"/v1/forces/{force}/concerns", json=raised)
            listener.wait_for("engagement.concern-raised.v1")
    assert time.monotonic() - began <= 15


def streams(product: Product, force: str) -> bool:
    with (
        product.client("notifications", f"{force}:subscriber") as client,
        client.stream("GET", "/v1/stream", params={"force": force}) as answer,
    ):
        return answer.status_code == 200
