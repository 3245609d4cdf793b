"""Processes of the cluster that a run starts itself: a meeting point, workers. They end when the run does, also when it is killed."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from album_sort.inspection.process import reader_environment

_MOST_BYTES = 1 << 16


class Child:
    """One of them, with the line between the two: an order goes there, words come back, and its end is the end of the child."""

    def __init__(self, role: str) -> None:
        """`role`: `meeting` or `worker`. It begins to import what it needs at once."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "album_sort.cluster.child", role, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=reader_environment(),
            )
        self._line = ours
        self._heard = b""

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def order(self, values: Mapping[str, Any]) -> None:
        """What it is to do, once; one that has died is found out by whoever waits for its words."""
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps(values).encode() + b"\n")

    def word(self, patience_s: float) -> dict[str, Any] | None:
        """Its next word; None where it has ended, or has none in this time."""
        self._line.settimeout(patience_s)
        try:
            while b"\n" not in self._heard and len(self._heard) < _MOST_BYTES:
                received = self._line.recv(4096)
                if not received:
                    return None
                self._heard += received
            word, _, self._heard = self._heard.partition(b"\n")
            said: dict[str, Any] = json.loads(word)
        except (OSError, ValueError):
            return None
        return said

    def kill(self) -> None:
        """At once: it has nothing that could be lost."""
        if self.is_alive:
            self._process.kill()

    def end(self) -> None:
        """The same, and waits for it to be over."""
        self.kill()
        self._process.wait()
        self._line.close()
