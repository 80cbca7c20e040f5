"""What machine this is: its name for recorded runs, how much of it this process may use, and how to leave more."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

M_ARENA_MAX = -8  # of glibc's malloc.h


class Machine(NamedTuple):
    """A machine, which as text reads "Intel Xeon, 2 cores, Linux"."""

    processor: str
    cores: int  # that this process may use
    system: str

    def __str__(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.system}"


def machine() -> Machine:
    """Name the machine that this runs on; to be called where something is measured."""
    return Machine(_processor(), usable_cores(), platform.system())


def usable_cores(root: Path = Path("/")) -> int:
    """Count the cores that this process may use: by its affinity, and by the quota of its container (cgroup).

    Args:
        root: where `proc` and `sys` are.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = min(filter(None, (_quota(folder) for folder in _cgroups(root, "cpu"))), default=float(allowed))
    return max(1, min(allowed, math.floor(quota)))


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes of memory that this process may still take; None if the system does not say.

    Args:
        root: where `proc` and `sys` are.
    """
    limits = [limit - used for folder in _cgroups(root, "memory") for limit, used in _memory(folder)]
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"))
    return min([*limits, *([int(found[1]) * 1024] if found else [])], default=None)


def _cgroups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's cgroup and of those around it, of version 2 and then of 1."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, names, place = line.split(":", 2)
        if names == "" or controller in names.split(","):
            top = root / "sys/fs/cgroup" / (controller if names else "")
            own = Path(place.lstrip("/"))
            yield from (top / folder for folder in (own, *own.parents))


def _quota(folder: Path) -> float | None:
    """Cores' worth of time that a cgroup has; None for all there is."""
    quota, _, period = _text(folder / "cpu.max").strip().partition(" ")
    if not quota:
        quota, period = (_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _memory(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the limit of a cgroup and what is taken of it, if it has one; files that were read do not count."""
    for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
        most, taken = _text(folder / limit).strip(), _text(folder / used).strip()
        if most.isdigit() and taken.isdigit():
            cached = re.search(r"^(?:total_)?inactive_file (\d+)", _text(folder / "memory.stat"), re.MULTILINE)
            yield int(most), int(taken) - (int(cached[1]) if cached else 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def share_one_heap() -> bool:
    """Have the threads that this process will start take their memory from one heap; only glibc can be asked.

    Else each has one of its own, and keeps there what it gives back: 25 of 560 MB for a film of 720p.

    Returns:
        Whether they will.
    """
    return _is_glibc() and ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1) == 1


def give_back() -> bool:
    """Give the system back what this process has freed; only glibc can be asked.

    Else the next of many large things finds the gaps of the last one too small: 70 MB more from the second segment
    of a 720p film on.

    Returns:
        Whether there was something to give back.
    """
    return _is_glibc() and ctypes.CDLL(None).malloc_trim(0) == 1


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
