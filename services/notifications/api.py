"""The operations on subscriptions and their deliveries."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response

from chassis.admission import admits
from chassis.answers import Page, etag
from chassis.documents import example
from chassis.principal import Role
from chassis.problems import FieldError, Refusal, not_found, problems
from chassis.queries import understood
from contracts.entry import Entry, Patch, PatchOf
from notifications import use_cases
from notifications.clerk import AtClerk
from notifications.delivery import Delivery
from notifications.domain import GrantRevoked, NewSubscription, NotTheOwner, Subscription, SubscriptionFacts, UrlRefused

_DELIVERIES: Final = "deliveries"
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID: Final = "0197a0c0-7b1e-7c3a-9f7e-3d2f5a6b7c8d"
_EVENT: Final = "0197a0c4-2f40-7a11-8c55-91d0c7f0a1b2"
_CONCERN: Final = "0197a0c4-2f3f-7d02-b1c6-5a4f3e2d1c0b"
_WISH: Final = {
    "channel": "webhook",
    "url": "https://partner.example/roundtable",
    "types": ["engagement.meeting-held.v1", "engagement.concern-raised.v1", "engagement.action-closed.v1"],
    "categories": [],
    "neighbourhoods": [],
}
_SUBSCRIPTION: Final[dict[str, Any]] = _WISH | {
    "id": _ID,
    "force": "northamptonshire",
    "version": 1,
    "owner": "partner",
    "status": "active",
    "why": None,
    "created_at": "2025-05-06T18:30:00.000Z",
    "changed_at": "2025-05-06T18:30:00.000Z",
    "since": {"0": 4112, "1": 3987, "2": 4050},
}
_NEW: Final = _SUBSCRIPTION | {"secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
_DELIVERY: Final = {
    "id": f"{_ID}:{_EVENT}",
    "force": "northamptonshire",
    "subscription_id": _ID,
    "subject": _CONCERN,
    "status": "delivered",
    "why": None,
    "created_at": "2025-05-06T18:31:00.050Z",
    "next_attempt_at": None,
    "attempts": [{"at": "2025-05-06T18:31:00.060Z", "status_code": 204, "error": None, "duration_ms": 12, "next_attempt_at": None}],
    "event": {
        "specversion": "1.0",
        "id": _EVENT,
        "type": "engagement.concern-raised.v1",
        "source": "/forces/northamptonshire/concerns",
        "subject": _CONCERN,
        "time": "2025-05-06T18:31:00.000Z",
        "data": {"id": _CONCERN, "force": "northamptonshire", "version": 1, "category": "hate-crime", "status": "raised"},
    },
}
_DELETION: Final = f'DELETE /v1/forces/northamptonshire/subscriptions/{_ID} HTTP/1.1\nAuthorization: Bearer …\nIf-Match: "1"'
_UNSUBSCRIBING: Final = {"x-codeSamples": [{"lang": "http", "source": _DELETION}]}
"""A deletion has no body to show: its example is the whole request."""
REFUSALS: Final[dict[type[Exception], tuple[int, str]]] = {
    UrlRefused: (422, "url-refused"),
    NotTheOwner: (403, "not-the-owner"),
    GrantRevoked: (403, "not-granted"),
}
SubscriptionId = Annotated[str, Path(pattern=f"^{_UUID}$", examples=[_ID])]
DeliveryId = Annotated[str, Path(pattern=f"^{_UUID}:{_UUID}$", examples=[f"{_ID}:{_EVENT}"])]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=200)]

router = APIRouter(
    prefix="/v1/forces/{force}/subscriptions",
    route_class=admits(Role.SUBSCRIBER),
    dependencies=[Depends(understood)],
    tags=["subscriptions"],
)


@router.post("", status_code=201, responses=problems(409), openapi_extra=example(request=_WISH))
async def subscribe(wish: Entry[SubscriptionFacts], clerk: AtClerk, response: Response) -> NewSubscription:
    """Subscribe to events of a force. The answer alone shows the `secret` that webhooks are signed with.

    An empty list asks for everything. Events are posted as CloudEvents (structured JSON), signed as Standard Webhooks says.
    """
    answered = await use_cases.subscribe(clerk, wish)
    _tag(response, answered.subscription, made=1)
    response.headers["Location"] = f"/v1/forces/{clerk.force}/subscriptions/{answered.subscription.id}"
    if answered.again:
        response.headers["Idempotent-Replayed"] = "true"
    return answered.subscription


@router.get("", openapi_extra=example(answer={"items": [_SUBSCRIPTION], "next": None}))
async def list_subscriptions(clerk: AtClerk, limit: Limit = 50, cursor: Cursor = None) -> Page[Subscription]:
    """List the subscriptions to a force, oldest first."""
    found = await clerk.subscriptions.page(clerk.force, _after(cursor, ""), limit + 1)
    return Page[Subscription](items=tuple(found[:limit]), next=_next([subscription.id for subscription in found], limit))


@router.get("/{subscription_id}", openapi_extra=example(answer=_SUBSCRIPTION))
async def show_subscription(subscription_id: SubscriptionId, clerk: AtClerk, response: Response) -> Subscription:
    """Show one subscription, without its secret."""
    return _tag(response, await clerk.show(subscription_id))


@router.patch("/{subscription_id}", responses=problems(412, 428), openapi_extra=example(request={"categories": ["hate-crime"]}))
async def change_subscription(
    subscription_id: SubscriptionId, patch: Annotated[Patch, PatchOf(SubscriptionFacts)], clerk: AtClerk, response: Response
) -> Subscription:
    """Change what a subscription asks for, or its URL. Only the subject that made it may do so."""
    return _tag(response, await use_cases.change(clerk, subscription_id, patch))


@router.delete("/{subscription_id}", status_code=204, responses=problems(412, 428), openapi_extra=_UNSUBSCRIBING)
async def unsubscribe(subscription_id: SubscriptionId, clerk: AtClerk) -> None:
    """Delete a subscription: nothing more is sent, and its deliveries go with it. Only the subject that made it may do so.

    `If-Match` names the version that was seen, as the `ETag` of the subscription says it: `If-Match: "1"`.
    """
    await use_cases.unsubscribe(clerk, subscription_id)


@router.get("/{subscription_id}/deliveries", openapi_extra=example(answer={"items": [_DELIVERY], "next": None}))
async def list_deliveries(subscription_id: SubscriptionId, clerk: AtClerk, limit: Limit = 50, cursor: Cursor = None) -> Page[Delivery]:
    """List what a subscription was told of, the newest event first, with every attempt."""
    await clerk.show(subscription_id)
    found = await clerk.outgoing.page(clerk.force, subscription_id, _after(cursor, "~"), limit + 1)
    return Page[Delivery](items=tuple(found[:limit]), next=_next([delivery.id.split(":")[1] for delivery in found], limit))


@router.get("/{subscription_id}/deliveries/{delivery_id}", openapi_extra=example(answer=_DELIVERY))
async def show_delivery(subscription_id: SubscriptionId, delivery_id: DeliveryId, clerk: AtClerk) -> Delivery:
    """Show one delivery: the event, every attempt, and when the next one is."""
    found = await clerk.outgoing.find(clerk.force, delivery_id)
    if found is None or found.subscription_id != subscription_id:
        raise not_found(_DELIVERIES)
    return found


def _tag(response: Response, subscription: Subscription, made: int | None = None) -> Subscription:
    response.headers["ETag"] = etag(subscription.version)
    response.headers["X-Roundtable-Version"] = f"{subscription.id}@{made or subscription.version}"
    response.headers["Cache-Control"] = "no-store"
    return subscription


def _next(ids: list[str], limit: int) -> str | None:
    """The cursor of the next page, if one more was found than the page holds."""
    return urlsafe_b64encode(ids[limit - 1].encode()).rstrip(b"=").decode() if len(ids) > limit else None


def _after(cursor: str | None, beginning: str) -> str:
    """The id that a cursor stands for; 422 when it is none of ours."""
    if cursor is None:
        return beginning
    try:
        found = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        found = ""
    if not re.fullmatch(_UUID, found):
        wrong = FieldError(None, "Send `next` of the page before, as it was answered", "bad_cursor", "cursor")
        raise Refusal(422, "invalid-request", "Something in the request is wrong: see `errors`", errors=[wrong])
    return found
