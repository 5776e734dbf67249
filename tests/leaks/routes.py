"""Every route of every service, by the way in which it is walked. A route that stands in no family fails a test until it is walked."""

from typing import Final

from tests.unit.test_every_route import EVERY, SERVICES, methods

_KINDS: Final = ("meetings", "concerns", "actions", "organisations", "neighbourhoods", "feedback")
_OWNED: Final = "/v1/forces/{force}"
_IDS: Final = {kind: f"{{{kind.removesuffix('s')}_id}}" for kind in _KINDS}
_STEPS: Final = {
    "meetings": ("hold", "postpone", "cancel"),
    "concerns": ("respond", "progress", "close", "reopen", "publish", "unpublish"),
    "actions": ("close", "reopen", "publish", "unpublish"),
    "organisations": ("merge",),
    "neighbourhoods": (),
}
_OWNERS: Final = dict.fromkeys(("meetings", "organisations", "neighbourhoods"), "meetings") | dict.fromkeys(
    ("concerns", "actions"), "concerns"
)
_PUBLIC: Final = ("/health/live", "/health/ready", "/docs", "/openapi.json")


def _writes() -> tuple[str, ...]:
    made = [_owned("POST", kind) for kind in _STEPS]
    amended = [f"{_owned('PATCH', kind)}/{_IDS[kind]}" for kind in _STEPS]
    moved = [f"{_owned('POST', kind)}/{_IDS[kind]}/{step}" for kind, steps in _STEPS.items() for step in steps]
    feedback = (_feedback("POST"), _feedback("PATCH") + "/{feedback_id}")
    subscriptions = (_subscriptions("POST"), *(_subscriptions(method) + "/{subscription_id}" for method in ("PATCH", "DELETE")))
    return (*made, *amended, *moved, *feedback, *subscriptions)


def _owned(method: str, kind: str) -> str:
    return f"{_OWNERS[kind]} {method} {_OWNED}/{kind}"


def _feedback(method: str) -> str:
    return f"meetings {method} {_OWNED}/meetings/{{meeting_id}}/feedback"


def _subscriptions(method: str) -> str:
    return f"notifications {method} {_OWNED}/subscriptions"


FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "list": tuple(f"readmodel GET /v1/{kind}" for kind in _KINDS),
    "record": tuple(f"readmodel GET /v1/{kind}/{_IDS[kind]}" for kind in _KINDS),
    "chain": ("readmodel GET /v1/meetings/{meeting_id}/chain",),
    "figures": ("readmodel GET /v1/summary", "readmodel GET /v1/coverage"),
    "events": ("readmodel GET /v1/events",),
    "owner's record": (
        *(f"{_owned('GET', kind)}/{_IDS[kind]}" for kind in _STEPS),
        _feedback("GET") + "/{feedback_id}",
    ),
    "owner's list": (_feedback("GET"),),
    "refused write": _writes(),
    "subscriptions": (_subscriptions("GET"), _subscriptions("GET") + "/{subscription_id}"),
    "deliveries": (
        _subscriptions("GET") + "/{subscription_id}/deliveries",
        _subscriptions("GET") + "/{subscription_id}/deliveries/{delivery_id}",
    ),
    "page": (
        "readmodel GET /overview",
        "readmodel GET /forces/{force}",
        "readmodel GET /forces/{force}/meetings/{meeting_id}",
        "readmodel GET /forces/{rest:path}",
    ),
    "public page": ("readmodel GET /",),
    "open to anyone": (
        *(f"{name} GET {path}" for name in SERVICES for path in (*_PUBLIC, "/metrics")),
        *(f"readmodel GET {path}" for path in ("/catalog", "/catalog/schemas", "/catalog/schemas/{name}", "/catalog/examples/{name}")),
        *(f"readmodel GET {path}" for path in ("/catalog/asyncapi.json", "/about", "/static/{asked}/{name:path}")),
        *(f"readmodel GET {path}" for path in ("/sign-in", "/sign-in/with/{name}", "/sign-in/return/{name}")),
        *(f"readmodel POST {path}" for path in ("/sign-in", "/sign-out")),
    ),
    "stream": ("notifications GET /v1/stream",),
}
"""The routes of each family; `test_streams.py` walks the last one, and `questions.py` all others."""
FAMILY_OF: Final = {route: family for family, routes in FAMILIES.items() for route in routes}


def existing() -> set[str]:
    """Every route that there is."""
    listed = {f"{service} {method} {route.path}" for service, route in EVERY for method in methods(route)}
    return listed | {f"{service} GET /openapi.json" for service in SERVICES}
