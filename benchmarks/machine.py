"""The machine that was measured on, as far as figures depend on it; its name is nobody's business."""

import os
import platform
from pathlib import Path
from typing import Final

import psutil

GIB: Final = 2**30


def described() -> str:
    """Processors, memory, system and Python, in a sentence."""
    cores = f"{os.cpu_count()} cores of {_processor()}"
    memory = f"{psutil.virtual_memory().total / GIB:.0f} GiB of memory"
    return f"{cores}, {memory}, {platform.system()} {platform.release()}, Python {platform.python_version()}."


def load() -> float:
    """How many processes ran or waited for a processor in the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in listed.read_text().splitlines() if line.startswith("model name")]
        if listed.exists()
        else []
    )
    return names[0] if names else platform.machine()
