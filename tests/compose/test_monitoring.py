"""The profile `monitoring`: Prometheus finds every replica of every service and takes the alerts, as nobody, on this machine alone."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.compose.composed import Composed, assert_nobody, composed, service_of
from tests.deploy.monitoring import rules
from tests.journeys.reaching import wait_until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]
SERVICES = ("readmodel", "meetings", "concerns", "notifications")


@pytest.fixture(scope="module")
def stack() -> Iterator[Composed]:
    """A deployment that is watched by Prometheus; Grafana draws what Prometheus knows, and is not needed for it."""
    with composed((*SERVICES, "kafka", "prometheus")) as project:
        project.up()
        done = project.run("--profile", "monitoring", "up", "--wait", "--wait-timeout", "120", "prometheus")
        assert done.returncode == 0, done.stderr
        yield project


def ask(stack: Composed, path: str) -> Any:
    """What Prometheus answers."""
    answer = httpx2.get(f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/{path}", timeout=10)
    return answer.raise_for_status().json()["data"]


def healths(stack: Composed) -> dict[str, str]:
    """Each target's state, by its job."""
    return {target["labels"]["job"]: target["health"] for target in ask(stack, "targets")["activeTargets"]}


def test_prometheus_reaches_every_service_on_the_private_network(stack: Composed) -> None:
    wait_until(lambda: healths(stack) == dict.fromkeys(SERVICES, "up"), within=60)

    wait_until(lambda: len(ask(stack, "query?query=roundtable_ready%20%3D%3D%201")["result"]) == len(SERVICES), within=30)


def alerts(stack: Composed) -> list[dict[str, Any]]:
    """Every alert as Prometheus has it."""
    return [rule for group in ask(stack, "rules")["groups"] for rule in group["rules"]]


def test_every_alert_is_evaluated_and_none_is_pending_over_a_healthy_stack(stack: Composed) -> None:
    wait_until(lambda: healths(stack) == dict.fromkeys(SERVICES, "up"), within=60)
    loaded = {rule["alert"] for rule in rules()}

    # What was pending before the first scrape is inactive again once it was evaluated after it.
    wait_until(
        lambda: {(rule["name"], rule["health"], rule["state"]) for rule in alerts(stack)} == {(name, "ok", "inactive") for name in loaded},
        within=60,
    )


def test_a_service_that_is_away_is_noticed(stack: Composed) -> None:
    wait_until(lambda: healths(stack) == dict.fromkeys(SERVICES, "up"), within=60)
    assert stack.run("stop", "meetings").returncode == 0

    wait_until(lambda: healths(stack).get("meetings") != "up", within=60)
    wait_until(lambda: {rule["name"] for rule in alerts(stack) if rule["state"] == "pending"} == {"ServiceMissing"}, within=60)

    assert stack.run("start", "meetings").returncode == 0
    wait_until(lambda: healths(stack) == dict.fromkeys(SERVICES, "up"), within=60)


def test_prometheus_is_nobody_and_published_on_this_machine_alone(stack: Composed) -> None:
    (watcher,) = [each for each in stack.containers() if service_of(each) == "prometheus"]

    assert_nobody([watcher])
    assert {each["HostIp"] for bound in watcher["NetworkSettings"]["Ports"].values() for each in bound or ()} == {"127.0.0.1"}
