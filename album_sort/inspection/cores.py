"""How many cores this process may use, and how they are split between decoding and inference."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1 = Path("/sys/fs/cgroup/cpu")


@dataclass(frozen=True, slots=True)
class ThreadSplit:
    """Processes that decode, threads that run the network."""

    workers: int
    threads: int


def available_cores() -> int:
    """Cores of the affinity mask, or fewer where a container's quota says so."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(cores, math.ceil(quota)) if quota else cores)


def _quota() -> float | None:
    """The cgroup's share of processor time in cores; None where there is no limit."""
    try:
        limit, period = _CGROUP_V2.read_text(encoding="ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        limit = (_CGROUP_V1 / "cpu.cfs_quota_us").read_text(encoding="ascii")
        period = (_CGROUP_V1 / "cpu.cfs_period_us").read_text(encoding="ascii")
        return None if int(limit) <= 0 else int(limit) / int(period)
    except (OSError, ValueError):
        return None


def split_threads(cores: int, workers: int | None = None, threads: int | None = None) -> ThreadSplit:
    """The split for so many cores; what the user gave stays.

    Decoding a photo takes twice as long as inference, and the operating system shares the cores out better than a fixed
    fence does: as many decoding processes as cores, which give way to the network, and a third of the cores for that
    (benchmarks/results/threads.csv).
    """
    return ThreadSplit(workers or cores, threads or math.ceil(cores / 3))
