"""Which arithmetic is the faster one here: measured once, by a run over many photos. No table of processors would stay true."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from album_sort.types import Precision

_MEASURED_S = 0.5
"""Of processor time, for all rivals together."""
_WORTH_TORCH = 0.75
"""Of int16's time, what int8 may take at most: a smaller gain does not pay for the two seconds in which torch starts, run after run,
before a thousand new photos, and int16 is nearer to fp32 (docs/decisions/0008-int16.md)."""


class Network(Protocol):
    """What runs: `TorchNetwork`, `Int16Network` or `Lite0Network`."""

    @property
    def precision(self) -> Precision:
        """What it was made in, never `auto`."""
        ...

    @property
    def note(self) -> str:
        """In words, for the report: which engine, whether converted now."""
        ...

    def run(self, views: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 (N, S, S, 3) -> probabilities float32 (N, 1000), features float32 (N, E)."""
        ...


class Int16Form(Protocol):
    """A network converted for our own code in C."""

    def to_bytes(self) -> bytes:
        """As it is kept."""
        ...

    def network(self, threads: int, note: str) -> Network:
        """Ready to run."""
        ...


Measure = Callable[[Sequence[Network], NDArray[np.uint8]], Sequence[float]]
"""Seconds that each network takes for these views, uint8 (N, S, S, 3)."""


def measure_in_turns(networks: Sequence[Network], views: NDArray[np.uint8]) -> list[float]:
    """Processor time of the quickest of several rounds, in turns: what else the machine does meets all alike."""
    quickest = [float("inf")] * len(networks)
    end = time.process_time() + _MEASURED_S
    while True:
        for index, network in enumerate(networks):
            start = time.process_time()
            network.run(views)
            quickest[index] = min(quickest[index], time.process_time() - start)
        if time.process_time() >= end:
            return quickest


def is_int8_worth_it(int16: Network, other: Network, views: NDArray[np.uint8], measure: Measure) -> bool:
    """Whether what torch has is int8, and so much faster than our int16 that it is worth its start."""
    if other.precision is not Precision.INT8:
        return False
    ours, theirs = measure((int16, other), views)
    return theirs < _WORTH_TORCH * ours
