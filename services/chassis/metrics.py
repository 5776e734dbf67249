"""The one catalogue of metrics. `/metrics` shows them to the machine and the private network, and never through a gateway."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info

from chassis.health import Report
from chassis.networks import plain, within
from chassis.problems import Refusal, problems

PREFIX: Final = "roundtable_"
REGISTRY: Final = CollectorRegistry()
CATALOGUE: Final[Mapping[str, str]] = {
    "ready": "Whether the service is ready to be sent requests, 1 or 0, asked as the metrics are shown",
    "outbox_pending": "Recorded events that Kafka does not have yet",
    "outbox_oldest_seconds": "Age of the oldest of them",
    "events_published_total": "Events that Kafka acknowledged",
    "events_projected_total": "Events whose results were committed with their position",
    "projector_lag": "Events in the log that are not projected yet",
    "event_to_readmodel_seconds": "From an event's time to its commit in the read model",
    "rebuild_events_total": "Events projected into a model that is being built beside the live one",
    "rebuild_remaining": "Events in the log that the model being built does not hold yet; 0 while none is built",
    "parked_events": "Events that the service could not process and holds parked, whichever process parked them",
    "partitions_stopped": "Partitions that the service does not read on, because their position is outside the log or too much is parked",
    "deliveries_total": "Attempts to tell a subscriber",
    "stream_clients": "Clients that hold a live stream open",
    "stream_clients_dropped_total": "Clients whose stream ended because they did not keep up",
    "screening_refused_total": "Texts that were refused because something in them looks like personal data, by what it looks like",
    "screening_overridden_total": "Texts that were let pass because the caller said that it is not personal data",
    "http_request_duration_seconds": "Time to answer a request; of a stream, to begin it",
    "rate_limited_total": "Requests that were refused because too many were made by a principal, in attempts to sign in, or by anyone",
    "first_response_overdue": "Concerns whose first response is overdue",
    "actions_overdue": "Open actions whose day has passed",
}
"""Every metric, without the prefix, and what it means."""

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_INSIDE: Final = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")))
_VIA_GATEWAY: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def gauge(name: str, *labels: str) -> Gauge:
    """A gauge of the catalogue."""
    return Gauge(PREFIX + name, CATALOGUE[name], labels, registry=REGISTRY)


def counter(name: str, *labels: str) -> Counter:
    """A counter of the catalogue."""
    return Counter(PREFIX + name, CATALOGUE[name], labels, registry=REGISTRY)


def histogram(name: str, *labels: str) -> Histogram:
    """A histogram of seconds of the catalogue."""
    return Histogram(PREFIX + name, CATALOGUE[name], labels, registry=REGISTRY, buckets=_FAST)


ProcessCollector(registry=REGISTRY)
ready: Final = gauge("ready")
outbox_pending: Final = gauge("outbox_pending")
outbox_oldest_seconds: Final = gauge("outbox_oldest_seconds")
events_published_total: Final = counter("events_published_total", "type", "force")
events_projected_total: Final = counter("events_projected_total", "force")
projector_lag: Final = gauge("projector_lag", "force")
event_to_readmodel_seconds: Final = histogram("event_to_readmodel_seconds")
rebuild_events_total: Final = counter("rebuild_events_total")
rebuild_remaining: Final = gauge("rebuild_remaining")
parked_events: Final = gauge("parked_events")
partitions_stopped: Final = gauge("partitions_stopped", "force")
deliveries_total: Final = counter("deliveries_total", "channel", "outcome")
stream_clients: Final = gauge("stream_clients")
stream_clients_dropped_total: Final = counter("stream_clients_dropped_total")
screening_refused_total: Final = counter("screening_refused_total", "kind")
screening_overridden_total: Final = counter("screening_overridden_total", "kind")
http_request_duration_seconds: Final = histogram("http_request_duration_seconds", "method", "handler", "status")
rate_limited_total: Final = counter("rate_limited_total", "by")
first_response_overdue: Final = gauge("first_response_overdue", "force")
actions_overdue: Final = gauge("actions_overdue", "force")


def instrument(app: FastAPI) -> None:
    """Measure every request of an application, by the template of its route."""
    unmeasured = ["^/metrics$", "^/health/"]
    measuring = Instrumentator(should_group_status_codes=False, excluded_handlers=unmeasured, registry=REGISTRY)
    measuring.add(_measure).instrument(app)


def _measure(info: Info) -> None:
    method = info.method if info.method in _METHODS else "other"
    seconds = info.modified_duration_without_streaming or info.modified_duration
    http_request_duration_seconds.labels(method, info.modified_handler, info.modified_status).observe(seconds)


router = APIRouter(tags=["operating"])
_EXAMPLE = f"# HELP {PREFIX}outbox_pending {CATALOGUE['outbox_pending']}\n# TYPE {PREFIX}outbox_pending gauge\n{PREFIX}outbox_pending 0.0\n"


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {"example": _EXAMPLE}}}, **problems(403)},
)
async def metrics(request: Request) -> Response:
    """Show the metrics of this process to the machine and the private network."""
    if not from_inside(request):
        raise Refusal(403, "not-from-here", "Metrics are shown on the private network alone, and not through a gateway")
    report: Report = await request.app.state.runtime.checks.report()
    ready.set(report.ready)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def from_inside(request: Request) -> bool:
    """Whether a request comes straight from the machine itself or from the private network."""
    if request.client is None or any(name in request.headers for name in _VIA_GATEWAY):
        return False
    address = plain(request.client.host)
    return address is not None and within(address, _INSIDE)
