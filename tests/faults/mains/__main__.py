"""`python -m tests.faults.mains concerns dies-after-commit=40 receipt-not-written`: a service with these changes."""

import sys
from importlib import import_module

from tests.faults.mains import guards, points
from tests.faults.mains.clock import CLOCKS

CHANGES = guards.CHANGES | points.CHANGES | CLOCKS


def main() -> None:
    """Make the changes, then be the service."""
    service, *changes = sys.argv[1:]
    for change in changes:
        name, _, number = change.partition("=")
        CHANGES[name](int(number or 0))
    import_module(f"{service}.main").main()


if __name__ == "__main__":
    main()
