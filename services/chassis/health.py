"""Health: whether the process lives, and whether it is ready, check by check."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from chassis.logs import told

Probe = Callable[[], Awaitable[None]]
PROBE_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 1.0
_STOOD_STILL_SECONDS: Final = 0.2
"""How late a time limit may ring before it says more about this process than about the part that was asked."""
log = structlog.get_logger()


class Unready(Exception):  # noqa: N818 - what a probe says, not a failure of it
    """A part is not ready; the message says why, to anyone who asks."""


@dataclass(frozen=True)
class Check:
    """How one part stands."""

    ok: bool
    required: bool
    why: str | None = None


@dataclass(frozen=True)
class Report:
    """How the service stands: ready when every required part is."""

    ready: bool
    checks: dict[str, Check]


_STOPPING: Final = Check(ok=False, required=True, why="the service was told to stop: it ends what it has begun, and begins nothing new")


class Checks:
    """The parts that a service asks before it calls itself ready. What they said is kept for a second."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._probes: dict[str, tuple[Probe, bool]] = {}
        self._report: Report | None = None
        self._asked_at = 0.0
        self._asking = asyncio.Lock()

    def add(self, name: str, probe: Probe, *, required: bool = True) -> None:
        """Ask a part too.

        Args:
            name: what it is called in the report.
            probe: returns when the part is well, and raises when it is not: `Unready` says why.
            required: whether the service is of no use without it.
        """
        self._probes[name] = (probe, required)

    async def report(self) -> Report:
        """How the service stands now, or stood less than a second ago."""
        async with self._asking:
            if self._report is None or time.monotonic() - self._asked_at >= KEPT_SECONDS:
                self._report = await self._ask()
                self._asked_at = time.monotonic()
        if self._stopping.is_set():
            return Report(ready=False, checks=self._report.checks | {"stopping": _STOPPING})
        return self._report

    async def _ask(self) -> Report:
        # A part may be added while the others are asked.
        probes = dict(self._probes)
        answers = await asyncio.gather(*(_asked(probe, required=required) for probe, required in probes.values()))
        checks = dict(zip(probes, answers, strict=True))
        return Report(all(check.ok for check in answers if check.required), checks)


async def _asked(probe: Probe, *, required: bool, again: bool = True) -> Check:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe()
    except Unready as error:
        return Check(ok=False, required=required, why=str(error))
    except TimeoutError:
        late = time.monotonic() - begun - PROBE_SECONDS
        if again and late > _STOOD_STILL_SECONDS:
            # The loop did not turn meanwhile: the part may have answered long ago, and nobody looked.
            log.warning("loop_stood_still", seconds=round(late, 2))
            return await _asked(probe, required=required, again=False)
        return Check(ok=False, required=required, why=f"no answer within {PROBE_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001 - a part may fail in any way, and the report must say so rather than fail itself
        log.warning("probe_failed", error=told(error))
        return Check(ok=False, required=required, why=type(error).__name__)
    return Check(ok=True, required=required)


router = APIRouter(tags=["operating"])
_EXAMPLE = {
    "ready": True,
    "checks": {
        "mongo": {"ok": True, "required": True, "why": None},
        "kafka": {"ok": False, "required": False, "why": "no broker answers"},
    },
}


@router.get("/health/live", responses={200: {"content": {"application/json": {"example": {"live": True}}}}})
async def live() -> dict[str, bool]:
    """Say that the process lives: its loop turns. It fails only when nothing but a restart helps."""
    return {"live": True}


@router.get(
    "/health/ready",
    response_model=Report,
    responses={
        200: {"content": {"application/json": {"example": _EXAMPLE}}},
        503: {"model": Report, "description": "A required part is not ready"},
    },
)
async def ready(request: Request) -> JSONResponse:
    """Say whether the service is ready to be sent requests, and why not, part by part."""
    report: Report = await request.app.state.runtime.checks.report()
    return JSONResponse(asdict(report), 200 if report.ready else 503, {"Cache-Control": "no-store"})
