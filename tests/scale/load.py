"""Readers of the read model, and how long they wait, whichever of its replicas answers."""

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self

import httpx2

from roundtable.grants import parse_grant
from roundtable.home import Home
from roundtable.identity import Issuer

FORCE: Final = "northamptonshire"
PAGES: Final = (
    f"/v1/concerns?force={FORCE}&limit=50",
    f"/v1/concerns?force={FORCE}&category=hate-crime&limit=50",
    f"/v1/concerns?force={FORCE}&from=2025-05-10&to=2025-05-20&limit=50",
    f"/v1/summary?force={FORCE}",
)


@dataclass
class Load:
    """Readers who ask one page after the other, of any replica that answers; milliseconds."""

    urls: Callable[[], list[str]]
    home: Home
    each_seconds: float = 0.05
    took: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in PAGES})
    refused: list[str] = field(default_factory=list)
    elsewhere: int = 0

    def __enter__(self) -> Self:
        self._stopped = threading.Event()
        token = Issuer(self.home).token("ada", [parse_grant(f"{FORCE}:reader")], timedelta(hours=3))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        with httpx2.Client(headers=self._headers, timeout=15) as client:
            while not self._stopped.wait(self.each_seconds):
                number += 1
                self._ask(client, number)

    def _ask(self, client: httpx2.Client, number: int) -> None:
        page, urls = PAGES[number % len(PAGES)], self.urls()
        begun, said = time.monotonic(), "nobody answers"
        for attempt in range(len(urls)):
            at = urls[(number + attempt) % len(urls)]
            try:
                answer = client.get(at + page)
            except httpx2.TransportError as error:
                said = type(error).__name__
                continue
            if answer.is_success:
                self.elsewhere += attempt > 0
                self.took[page].append((time.monotonic() - begun) * 1000)
                return
            said = answer.text
        self.refused.append(f"{said}: {page}")

    def __str__(self) -> str:
        pages = "".join(f"\n    {page}: {_told(took)}" for page, took in self.took.items())
        nobody = f"{len(self.refused)} by nobody {sorted(set(self.refused))[:5]}"
        return f"{_told([each for took in self.took.values() for each in took])}, {self.elsewhere} answered by the other replica, {nobody}{pages}"


def _told(took: list[float]) -> str:
    if len(took) < 2:
        return f"{len(took)} queries"
    cuts = statistics.quantiles(took, n=100)
    return f"{len(took)} queries, p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f}, p99 {cuts[98]:.0f}"
