"""What a check comes to: one line for the operator."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["ok", "warn", "FAIL"]
_ORDER: Final[tuple[State, ...]] = ("ok", "warn", "FAIL")


@dataclass(frozen=True)
class Finding:
    """How one part is, what was found, and what to do; of a part that is well there is nothing to do."""

    state: State
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding("ok", found)


def warn(found: str, advice: str) -> Finding:
    """It works, and will not for ever."""
    return Finding("warn", found, advice)


def fail(found: str, advice: str) -> Finding:
    """Something is broken, or soon will be."""
    return Finding("FAIL", found, advice)


def worst(findings: Iterable[Finding]) -> Finding:
    """One finding of many about the same thing: the worst state, and what was found of all that are in it."""
    every = list(findings)
    state = max((finding.state for finding in every), key=_ORDER.index)
    those = [finding for finding in every if finding.state == state]
    advice = dict.fromkeys(finding.advice for finding in those if finding.advice)
    return Finding(state, "; ".join(finding.found for finding in those), "; ".join(advice))


def graded(number: float, steps: tuple[float, float], found: str, advice: str) -> Finding:
    """A finding about a number that is better the smaller it is: a warning from the first step on, a failure from the second."""
    if number >= steps[1]:
        return fail(found, advice)
    return warn(found, advice) if number >= steps[0] else ok(found)
