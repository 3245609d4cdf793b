"""While coverage is measured: a reading process writes down what it has run before its pool kills it.

A pool ends its processes by SIGKILL, which is the quickest end and leaves nothing to be written; without this the readers of photos
would count as never run. A plugin of coverage, which loads it in every process that it measures (pyproject.toml); tests do not see it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

_READER = "album_sort.inspection.reader"
_FORKS_READERS = "tests.reader_server"
MOST_SECONDS = 5.0
"""One that hangs in foreign code is killed then, and what it has run is lost."""


_measuring: list[bool] = []


def is_measuring() -> bool:
    """Whether this process is measured: then whoever kills a reader asks it to end first."""
    return bool(_measuring)


def coverage_init(_registry: object, _options: object) -> None:
    """Called by coverage at the start of a process."""
    _measuring.append(True)
    setattr(subprocess.Popen, "kill", _kill)  # noqa: B010 - for types it is not to be changed
    if _READER in sys.orig_argv or _FORKS_READERS in sys.orig_argv:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # coverage saves before an `_exit`


def _kill(process: subprocess.Popen[bytes]) -> None:
    arguments = process.args if isinstance(process.args, list) else []
    if _READER in arguments:
        process.terminate()
        try:
            process.wait(MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    else:
        process.send_signal(signal.SIGKILL)
