"""Loopback ports of the embedded engines: chosen once, then kept, so that a restart keeps its addresses."""

import json
import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range from which the system picks ports for outgoing connections: none of those can take ours while
# a child restarts.
RANGE = range(20_000, 30_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    """A port that a server could listen on now."""
    return _fresh(set())


def kept_ports(file: Path, names: tuple[str, ...]) -> dict[str, int]:
    """A port for each name: the one used before while it is free, else a new one; the choice is written back."""
    before: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        kept = before.get(name)
        chosen[name] = kept if kept and is_free(kept) else _fresh(set(chosen.values()))
    file.write_text(json.dumps(chosen))
    return chosen


def _fresh(taken: set[int]) -> int:
    candidates = (port for port in random.sample(RANGE, len(RANGE)) if port not in taken)
    return next(port for port in candidates if is_free(port))
