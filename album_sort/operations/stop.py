"""A wish that an operation should end: before files are written it may end at once; while files are written, after the one in hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class StopRequest:
    """Whether somebody has asked to stop. Who takes signals, or a click, asks; the operation looks, and says when it is in the middle."""

    def __init__(self) -> None:
        self.is_asked = False
        self.is_gentle = False
        """Whether what is in hand has to be finished first: nobody may break off the operation now."""

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.is_asked

    def ask(self) -> None:
        """From now on the operation stops at the next good place."""
        self.is_asked = True

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Inside, a wish is only noted: what is in hand is finished first."""
        self.is_gentle = True
        try:
            yield
        finally:
            self.is_gentle = False
