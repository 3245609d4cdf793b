"""Ctrl-C and SIGTERM: before files are written they end the run at once; while files are written, after the file in hand."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from album_sort.errors import Interrupted


class StopRequest:
    """Whether somebody has asked the run to stop."""

    def __init__(self) -> None:
        self.is_asked = False
        self._is_gentle = False

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.is_asked

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Inside, a signal is only noted: what is in hand is finished first."""
        self._is_gentle = True
        try:
            yield
        finally:
            self._is_gentle = False

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Takes a signal."""
        self.is_asked = True
        if not self._is_gentle:
            raise Interrupted(f"interrupted ({signal.Signals(number).name}); the next run goes on from here")


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turns SIGINT and SIGTERM into a request; the former handlers come back at the end."""
    request = StopRequest()
    former = {number: signal.signal(number, request.on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
