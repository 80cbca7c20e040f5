"""Name the machine that a recorded run ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import NamedTuple


class Machine(NamedTuple):
    """A machine, which as text reads "Intel Xeon, 2 cores, Linux"."""

    processor: str
    cores: int  # that this process may use
    system: str

    def __str__(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.system}"


def machine() -> Machine:
    """Name the machine that this runs on; to be called where something is measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(_processor(), cores, platform.system())


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
