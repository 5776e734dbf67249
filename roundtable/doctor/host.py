"""Judges what this host gives: time, disk, memory, ports; and what lies on it: secrets and certificates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from roundtable.doctor.finding import Finding, fail, graded, ok, warn, worst

_GIB: Final = 2**30
# A `Date` header counts whole seconds, so that two seconds are the least that can be told apart.
_CLOCK_SECONDS: Final = (2.0, 20.0)
_CERTIFICATE_WARN, _CERTIFICATE_FAIL = timedelta(days=21), timedelta(days=3)
_OF_OTHERS, _OF_GROUP = 0o007, 0o070


@dataclass(frozen=True)
class Disk:
    """A file system: bytes in all, bytes free."""

    total: int
    free: int


@dataclass(frozen=True)
class Certificate:
    """A certificate and where it was found."""

    where: str
    expires: datetime


def judge_clocks(ahead: Mapping[str, float]) -> Finding:
    """By how many seconds each part's clock is ahead of this host's. A sign-in code lives for a minute, a token ends by the clock."""
    name, furthest = max(ahead.items(), key=lambda each: abs(each[1]))
    found = f"{len(ahead)} clocks; {name}'s is {abs(furthest):.1f} s {'ahead of' if furthest > 0 else 'behind'} this host's"
    return graded(abs(furthest), _CLOCK_SECONDS, found, "let chrony or systemd-timesyncd set the clock of each host")


def judge_disk(disks: Mapping[str, Disk]) -> Finding:
    """The least free of the file systems; both engines stop writing on a full one."""
    return worst(_judge_disk(name, disk) for name, disk in disks.items())


def _judge_disk(name: str, disk: Disk) -> Finding:
    share = disk.free / disk.total if disk.total else 0.0
    found = f"{name}: {disk.free / _GIB:.1f} GiB free ({share:.0%})"
    advice = "make room: a full disk stops every write"
    if disk.free < _GIB or share < 0.05:  # noqa: PLR2004 - the thresholds have no other name
        return fail(found, advice)
    return warn(found, advice) if disk.free < 5 * _GIB or share < 0.15 else ok(found)  # noqa: PLR2004 - as above


def judge_memory(available: int, total: int) -> Finding:
    """Bytes that programs could still have, of all there are."""
    found = f"{available / _GIB:.1f} of {total / _GIB:.1f} GiB available"
    advice = "give the host more memory, or what runs beside Roundtable less: the kernel ends a process when there is none"
    if available < _GIB // 4:
        return fail(found, advice)
    return warn(found, advice) if available < _GIB else ok(found)


def judge_ports(refused: Mapping[str, str | None]) -> Finding:
    """Each address, and why it takes no connection."""
    silent = [f"{address} ({why})" for address, why in refused.items() if why]
    if silent:
        return fail(f"no connection to {', '.join(silent)}", "start what should listen there, or open the firewall between")
    return ok(f"{len(refused)} addresses take connections")


def judge_secrets(modes: Mapping[Path, int]) -> Finding:
    """The mode of each file and folder of the secrets and keys."""
    open_to_all = sorted(str(path) for path, mode in modes.items() if mode & _OF_OTHERS)
    open_to_group = sorted(str(path) for path, mode in modes.items() if mode & _OF_GROUP and not mode & _OF_OTHERS)
    if open_to_all:
        return fail(f"open to every user of this host: {_some(open_to_all)}", "chmod go= them, and make new ones if others had access")
    if open_to_group:
        return warn(f"open to their group: {_some(open_to_group)}", "chmod g= them, unless that group is the services' own")
    return ok(f"{len(modes)} files and folders, closed to others")


def judge_certificates(certificates: Sequence[Certificate], now: datetime) -> Finding:
    """When each ends."""
    if not certificates:
        return ok("none is configured")
    first = min(certificates, key=lambda each: each.expires)
    left = first.expires - now
    found = f"{len(certificates)}; {first.where} {'has ended' if left <= timedelta() else 'ends'} on {first.expires:%Y-%m-%d}"
    if left < _CERTIFICATE_FAIL:
        return fail(found, "renew it now, then restart what serves it")
    return warn(found, "renew it") if left < _CERTIFICATE_WARN else ok(found)


def _some(names: Sequence[str], most: int = 3) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
