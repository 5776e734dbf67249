"""How many attempts may be under way to one endpoint: more to one that takes what it is sent at once, few to any other."""

from collections.abc import Mapping
from typing import Final

from notifications.delivery import Answer

FEWEST: Final = 2
"""To an endpoint that is not known, hangs or fails: it holds no other back."""
MOST: Final = 16
QUICK_MS: Final = 1000


class Pace:
    """What the attempts of one process taught it of each endpoint. It forgets nothing but what is slow, and knows only what is quick."""

    def __init__(self) -> None:
        self._quick: dict[str, int] = {}

    def learn(self, endpoint: str, answer: Answer) -> None:
        """Take note of an attempt: one more at once for each that was taken quickly, and back to the fewest for any other."""
        if answer.taken and answer.duration_ms < QUICK_MS:
            self._quick[endpoint] = min(self._quick.get(endpoint, FEWEST) + 1, MOST)
        else:
            self._quick.pop(endpoint, None)

    def room(self, endpoint: str, under_way: Mapping[str, int]) -> int:
        """How many more may begin; none until half of what is allowed has ended, so that several are taken with one question."""
        allowed = self._quick.get(endpoint, FEWEST)
        left = allowed - under_way.get(endpoint, 0)
        return left if left >= allowed / 2 else 0
