"""What belongs to the process as a whole: collecting garbage, giving way to others, signals. Nothing below `cli/` touches these.

An operation that a web server or a test calls finds the process as its owner has set it up.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from album_sort.errors import Interrupted
from album_sort.operations.stop import StopRequest
from album_sort.sentences import sentence

if TYPE_CHECKING:  # `--help` has no loop
    import asyncio

_M_ARENA_MAX = -8
"""Of <malloc.h>."""


def collect_seldom() -> None:
    """Hundreds of thousands of small values live to the end: looking for cycles among them again and again took a quarter of a run."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


def collect_by_stage(stage: str) -> None:
    """When a run begins a stage: none while it decides, for what is known of each photo lives to the end and holds no cycles.

    From the first file that is written on it collects again, and passes over what was decided.
    """
    if stage == "places":
        gc.disable()
    elif stage == "apply":
        collect_again()


def collect_again() -> None:
    """From now on, and of what is made from now on."""
    gc.freeze()
    gc.enable()


def collect_as_usual() -> None:
    """For a process that lives long: what has been imported is passed over, what comes later is not left lying."""
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)


def share_memory() -> None:
    """One heap for all threads: with one each, as glibc has it, what a thread frees serves no other, and a server grows by a third.

    To be called before there are threads; elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def collect_no_more() -> None:
    """At the end: what lives still lives as long as the process, and the last search for cycles in it took a tenth of a run."""
    gc.freeze()


def leave_soon(code: int, seconds: float = 1.5) -> None:
    """Ends the process after this time, whatever it does then: threads with a picture in hand cannot be called off."""

    def leave() -> None:
        os._exit(code)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def give_way(nice: int) -> None:
    """To other programs, as nice(1) does; 0 changes nothing."""
    if nice:
        os.nice(nice)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turns SIGINT and SIGTERM into a request; the former handlers come back at the end."""
    request = StopRequest()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        request.ask()
        if not request.is_gentle:
            raise Interrupted(sentence("common.interrupted-the-next-run", name=signal.Signals(number).name))

    former = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def end_on_signals(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Has a function called in the loop at SIGINT and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
