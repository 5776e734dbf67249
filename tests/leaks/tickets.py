"""What people show: a token at the interfaces, a cookie on the pages. What is revoked stands in the registry, as its command writes it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from chassis.principal import Principal, Role, grantable
from chassis.runtime import Runtime
from readmodel.dashboard.sessions import Sessions
from roundtable.grants import Grant
from roundtable.identity import Issuer
from roundtable.provisioning.grants import revocation
from tests.conftest import Place
from tests.leaks.people import EVERYWHERE, Person

_HOUR = timedelta(hours=1)


class Tickets:
    """Tokens and cookies of everyone, made once."""

    def __init__(self, place: Place, readmodel: Runtime) -> None:
        self._place = place
        self._sessions = Sessions(readmodel.mongo)
        self._issuer = Issuer(place.engines.home)
        self._tokens: list[str | None] = []
        self._cookies: list[str] = []

    async def issued(self, people: Sequence[Person], forces: Sequence[str]) -> None:
        """Give everyone what they show, and take away what is revoked."""
        batch = forces[0]
        slugs = [*forces, "*"]
        subjects = [f"somebody-{batch}-{number}".replace("f-", "") for number in range(len(people))]
        self._tokens = [self._token(person, subject, slugs) for person, subject in zip(people, subjects, strict=True)]
        self._cookies = [await self._cookie(person, subject, slugs) for person, subject in zip(people, subjects, strict=True)]
        with self._place.engines.mongo.client() as client:
            grants = client[f"{self._place.prefix}registry"]["grants"]
            for person, subject in zip(people, subjects, strict=True):
                for number, roles in person.revoked.items():
                    key = f"{subject}:{slugs[number]}"
                    grants.update_one({"_id": key}, revocation(subject, slugs[number], datetime.now(UTC)), upsert=True)
                    grants.update_one({"_id": key}, {"$set": {"roles": sorted(roles)}})

    def headers(self, number: int, *, page: bool = False) -> dict[str, str]:
        """What a person sends along."""
        if page:
            return {"Cookie": f"roundtable_session={self._cookies[number]}"} if self._cookies[number] else {}
        token = self._tokens[number]
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def _token(self, person: Person, subject: str, slugs: Sequence[str]) -> str | None:
        if person.token == "absent" or not person.grants:
            return None
        if person.token == "garbage":
            return "no.token.at-all"
        grants = [Grant(slugs[number], tuple(sorted(roles))) for number, roles in person.grants.items()]
        token = self._issuer.token(subject, grants, -_HOUR if person.token == "expired" else _HOUR)
        return token[:-8] + "AAAAAAAA" if person.token == "forged" else token

    async def _cookie(self, person: Person, subject: str, slugs: Sequence[str]) -> str:
        if person.token != "good" or not person.grants:
            return ""
        named: Mapping[str, frozenset[Role]] = {
            slugs[number]: grantable(slugs[number], frozenset(map(Role, roles))) for number, roles in person.grants.items()
        }
        now = datetime.now(UTC)
        session = await self._sessions.begin(Principal(subject, named, now + _HOUR), now, _HOUR)
        return session.secret


__all__ = ["EVERYWHERE", "Tickets"]
