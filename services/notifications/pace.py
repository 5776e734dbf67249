"""How many attempts may be under way at once: a few to any endpoint, and more to those that take them quickly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from notifications.delivery import Answer

FEWEST: Final = 2
"""To an endpoint that is not known, hangs or fails."""
MOST: Final = 16
QUICK_MS: Final = 1000


class Pace:
    """What the attempts of one process taught it of each endpoint. It remembers those that are quick, and no other."""

    def __init__(self) -> None:
        self._quick: dict[str, int] = {}

    def learn(self, endpoint: str, answer: Answer) -> None:
        """Take note of an attempt: one more at once for each that was taken quickly, and back to the fewest for any other."""
        if answer.taken and answer.duration_ms < QUICK_MS:
            self._quick[endpoint] = min(self._quick.get(endpoint, FEWEST) + 1, MOST)
        else:
            self._quick.pop(endpoint, None)

    def room(self, endpoint: str, under_way: int) -> int:
        """How many more may begin; none until half of what is allowed has ended, so that several are taken with one question."""
        allowed = self._quick.get(endpoint, FEWEST)
        left = allowed - under_way
        return left if left >= allowed / 2 else 0


def shares(pace: Pace, endpoints: Sequence[str], under_way: Mapping[str, int], at_once: int) -> dict[str, int]:
    """How many attempts may begin to each of some endpoints, those that come first being served first.

    Each gets its few before any gets more, and half of what may be under way is for those few alone: neither receivers that earned much and
    then hang, nor quick ones with much to take, hold the others up.

    Args:
        pace: what is known of the endpoints.
        endpoints: that something is due to.
        under_way: attempts, by endpoint.
        at_once: how many may be under way in all.
    """
    free = max(0, at_once - sum(under_way.values()))
    earned = max(0, at_once // 2 - sum(max(0, count - FEWEST) for count in under_way.values()))
    room = {endpoint: pace.room(endpoint, under_way.get(endpoint, 0)) for endpoint in endpoints}
    dealt: Counter[str] = Counter()
    for endpoint in endpoints:
        few = min(room[endpoint], max(0, FEWEST - under_way.get(endpoint, 0)), free)
        dealt[endpoint] += few
        free -= few
    for endpoint in endpoints:
        more = min(room[endpoint] - dealt[endpoint], free, earned)
        dealt[endpoint] += more
        free, earned = free - more, earned - more
    return {endpoint: count for endpoint, count in dealt.items() if count}
