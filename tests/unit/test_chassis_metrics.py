"""Metrics: one catalogue, shown to the machine and the private network alone, with the templates of routes as labels."""

from pathlib import Path

import httpx2
import pytest
from aiokafka import TopicPartition

from chassis import metrics
from chassis.watchdog import Watchdog
from tests.unit.leaflets import HERE, PATH, Issuer, open_door, runtime_of

OF_THE_INTERFACE = {
    "outbox_pending",
    "outbox_oldest_seconds",
    "events_published_total",
    "events_projected_total",
    "projector_lag",
    "event_to_readmodel_seconds",
    "parked_events",
    "deliveries_total",
    "stream_clients",
    "http_request_duration_seconds",
    "first_response_overdue",
    "actions_overdue",
}


class EndsAtTen:
    """A log that ends at offset ten, in every partition."""

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 10)


def lag_of(force: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("roundtable_projector_lag", {"force": force})


def test_every_metric_of_the_catalogue_exists_with_its_meaning() -> None:
    assert metrics.CATALOGUE.keys() >= OF_THE_INTERFACE
    assert all(hasattr(metrics, name) for name in metrics.CATALOGUE)


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "172.20.0.5", "192.168.1.9", "::1", "fd00::7", "::ffff:10.0.0.1"])
async def test_metrics_are_shown_inside(issuer: Issuer, tmp_path: Path, peer: str) -> None:
    async with open_door(runtime_of(issuer, tmp_path), peer) as door:
        assert (await door.get("/metrics")).status_code == 200


@pytest.mark.parametrize("peer", ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "169.254.169.254", "testclient"])
async def test_metrics_are_not_shown_outside(issuer: Issuer, tmp_path: Path, peer: str) -> None:
    async with open_door(runtime_of(issuer, tmp_path), peer) as door:
        answer = await door.get("/metrics")

    assert answer.status_code == 403
    assert "roundtable_" not in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
async def test_metrics_are_not_shown_through_a_gateway(door: httpx2.AsyncClient, header: str) -> None:
    assert (await door.get("/metrics", headers={header: "127.0.0.1"})).status_code == 403


async def test_what_is_not_ready_is_measured_as_the_metrics_are_shown(issuer: Issuer, tmp_path: Path) -> None:
    async with open_door(runtime_of(issuer, tmp_path), "127.0.0.1") as door:
        assert "roundtable_ready 1.0" in (await door.get("/metrics")).text
    issuer.jwks.unlink()

    async with open_door(runtime_of(issuer, tmp_path), "127.0.0.1") as door:
        assert "roundtable_ready 0.0" in (await door.get("/metrics")).text


async def test_the_lag_of_a_partition_that_went_to_another_process_is_told_by_that_one_alone() -> None:
    mine, lost = TopicPartition("engagement.kent", 0), TopicPartition("engagement.essex", 0)
    positions = {mine: 3, lost: 4}
    watchdog = Watchdog(EndsAtTen(), positions, nowhere, kafka_is_there)

    await watchdog._look()
    before = [lag_of(force) for force in ("kent", "essex")]
    del positions[lost]
    await watchdog._look()

    assert before == [7, 6]
    assert [lag_of(force) for force in ("kent", "essex")] == [7, None]


async def test_requests_are_measured_by_the_whole_template_of_their_route(door: httpx2.AsyncClient, issuer: Issuer) -> None:
    await door.get(f"{PATH}/01970000-0000-7000-8000-000000000000", headers=issuer.bearer({HERE: ["reader"]}))
    await door.get("/no/such/address")
    await door.request("BREW", "/broken")
    await door.get("/broken")

    shown = (await door.get("/metrics")).text

    labels = 'handler="/v1/forces/{force}/leaflets/{leaflet}",method="GET",status="404"'
    assert f"roundtable_http_request_duration_seconds_count{{{labels}}}" in shown
    assert 'handler="none",method="GET",status="404"' in shown
    assert 'handler="/broken",method="GET",status="500"' in shown
    assert "BREW" not in shown
    assert HERE not in shown


async def nowhere() -> dict[TopicPartition, int]:
    return {}


async def kafka_is_there() -> None:
    return
