"""A client of the public API that may be interrupted anywhere and begin again: each request has a key of its own content."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import stamina

from contracts.vouching import HEADER
from roundtable.errors import OperatorError
from roundtable.grants import Grant
from roundtable.home import Home
from roundtable.identity import Issuer

SUBJECT: Final = "loader"
_ROLES: Final = ("recorder", "publisher")
_LIFETIME: Final = timedelta(hours=1)
_PATIENCE_SECONDS: Final = 30.0
_TIMEOUT: Final = httpx2.Timeout(15)

Body = dict[str, Any]


class Away(Exception):  # noqa: N818 - a signal to try again
    """The service does not answer, or not now."""


class Api:
    """Meetings and concerns of some forces, with a recorder's and a publisher's grant for each."""

    def __init__(self, home: Home, services: Mapping[str, str], forces: Iterable[str]) -> None:
        """Speak to these services, by their base URLs, as the demonstration issuer's loader."""
        grants = [Grant(force, _ROLES) for force in forces]
        token = Issuer(home).token(SUBJECT, grants, _LIFETIME)
        self._client = httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUT)
        self._services = services
        self._sent: Counter[str] = Counter()
        self._tags: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Keep connections open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close them."""
        self._client.close()

    def create(self, service: str, path: str, body: Body, not_personal_data: Iterable[str] = ()) -> str:
        """Create a record; answers its id, the same one when it was created before.

        Args:
            service: whose the record is.
            path: of its collection.
            body: what it is to hold.
            not_personal_data: texts of it that hold none, though they look like it, as pointers.

        Raises:
            OperatorError: the service refuses, or is away for half a minute.
        """
        answer = self._post(service, path, _without_nothing(body), _vouching(not_personal_data))
        record_id: str = answer.json()["id"]
        self._tags[record_id] = answer.headers["ETag"]
        return record_id

    def serves(self, force: str) -> bool:
        """Whether the services know a force: until they have read of it, nobody has a grant for it."""
        paths = {"meetings": f"/v1/forces/{force}/meetings", "concerns": f"/v1/forces/{force}/concerns"}
        # An empty body is judged only after the grant, and never recorded.
        answers = [self._client.post(f"{self._services[service]}{path}", json={}) for service, path in paths.items()]
        return all(answer.status_code == httpx2.codes.UNPROCESSABLE_ENTITY for answer in answers)

    def publish(self, path: str, record_id: str, words: Body, not_personal_data: Iterable[str] = ()) -> None:
        """Publish approved words of a concern or an action that was just created; takes the rest and raises as `create`."""
        headers = {"If-Match": self._tags[record_id]} | _vouching(not_personal_data)
        self._post("concerns", f"{path}/{record_id}/publish", words, headers)

    def _post(self, service: str, path: str, body: Body, headers: Mapping[str, str]) -> httpx2.Response:
        key = {"Idempotency-Key": self._key(path, body)}
        try:
            for attempt in stamina.retry_context(on=Away, attempts=None, timeout=_PATIENCE_SECONDS, wait_max=2):
                with attempt:
                    return self._once(f"{self._services[service]}{path}", body, {**headers, **key})
        except Away as failure:
            message = f"{service} is away: {failure}"
            raise OperatorError(message) from failure
        raise AssertionError  # unreachable: the loop returns or raises

    def _once(self, url: str, body: Body, headers: Mapping[str, str]) -> httpx2.Response:
        try:
            answer = self._client.post(url, json=body, headers=headers)
        except httpx2.TransportError as failure:
            raise Away(str(failure)) from failure
        if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            raise Away(answer.text)
        if not answer.is_success:
            advice = "\nIn a file, name such a text in `not_personal_data` beside it: [/said]" if HEADER in answer.text else ""
            message = f"POST {url} was refused with {answer.status_code}: {answer.text}{advice}"
            raise OperatorError(message)
        return answer

    def _key(self, path: str, body: Body) -> str:
        """A digest of the request; the second of two equal ones in the same file is another record."""
        content = hashlib.sha256(f"{path}\n{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
        self._sent[content] += 1
        return f"load-{content[:40]}-{self._sent[content]}"


def _vouching(pointers: Iterable[str]) -> dict[str, str]:
    named = ", ".join(pointers)
    return {HEADER: named} if named else {}


def _without_nothing(body: Body) -> Body:
    return {name: value for name, value in body.items() if value not in (None, (), [], {})}
