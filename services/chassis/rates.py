"""How often one may ask: each principal, and each address for what is asked without one. Counted in this process alone."""

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter

from chassis import metrics
from chassis.counters import Counters
from chassis.networks import Network, asker
from chassis.principal import Principal
from chassis.problems import Refusal, problems

TOO_OFTEN: Final[dict[int | str, dict[str, Any]]] = {
    429: problems(429)[429] | {"headers": {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}}
}
"""The refusal of what is asked too often, for `responses=`."""


class TooOften(Refusal):
    """So much was asked in a window that no more is answered until it ends.

    Args:
        what: what there was too much of.
        seconds: until the window ends.
    """

    def __init__(self, what: str, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(429, "too-often", f"{what}: wait as long as Retry-After says", headers={"Retry-After": str(wait)})


class _Rate:
    """A rate that each of many names may reach."""

    def __init__(self, by: str, rate: str, what: str) -> None:
        self._counters = Counters()
        self._limiter = FixedWindowRateLimiter(self._counters)
        self._rate = parse(rate)
        self._what = what
        self._refused = metrics.rate_limited_total.labels(by)

    async def count(self, name: str) -> None:
        """Count one more of a name; refuse what is above the rate."""
        if await self._limiter.hit(self._rate, name):
            return
        self._refused.inc()
        ends = await self._counters.get_expiry(self._rate.key_for(name))
        raise TooOften(self._what, ends - time.time())


class Rates:
    """The rates of one process. What is refused is counted too, and changes nothing else.

    Args:
        principal: as the library writes rates: `10000 per 10 seconds`.
        attempts: of an address: tokens that are none, and sign-ins.
        anyone: of an address: what needs neither.
        proxies: whose `X-Forwarded-For` says which address asks.
    """

    def __init__(self, principal: str, attempts: str, anyone: str, proxies: Sequence[Network]) -> None:
        self._principal = _Rate("principal", principal, "You have sent too many requests")
        self._attempts = _Rate("attempts", attempts, "Too many attempts to sign in, or tokens that are not valid, came from your address")
        self._anyone = _Rate("anyone", anyone, "Too many requests came from your address")
        self._proxies = proxies

    async def principal(self, principal: Principal) -> None:
        """Count a request of someone who is known, wherever it comes from. Its issuer stands in the name.

        Raises:
            TooOften: there were too many; likewise the others.
        """
        await self._principal.count(principal.subject)

    async def attempt(self, request: Request) -> None:
        """Count an attempt to become known: one that failed, or one that costs the same whether it fails or not."""
        await self._attempts.count(asker(request, self._proxies))

    async def anyone(self, request: Request) -> None:
        """Count a request that anyone may make."""
        await self._anyone.count(asker(request, self._proxies))


async def by_address(request: Request) -> None:
    """Count a request for what is open to anyone: a dependency of routes that ask for neither token nor session."""
    await request.app.state.runtime.rates.anyone(request)
