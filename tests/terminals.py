"""The program on a terminal: what a person would see, with answers typed when the questions come."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import REPOSITORY

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def on_a_terminal(
    words: Sequence[str | Path], answers: Sequence[tuple[str, str]] = (), *, cwd: Path, columns: int = 200, **more: str
) -> tuple[int, str]:
    """Exit code and all that was shown, without colours and movements; `answers`: what is waited for, and what is typed then."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **more}
    program = subprocess.Popen(
        [sys.executable, "-m", "album_sort", *map(str, words)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env=surroundings,
        start_new_session=True,
    )
    os.close(slave)
    shown, waiting, seen, deadline = b"", list(answers), 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            part = os.read(master, 1 << 16)
        except OSError:
            break
        shown += part
        if waiting and waiting[0][0] in shown[seen:].decode("utf-8", "replace"):
            seen = len(shown)
            os.write(master, f"{waiting.pop(0)[1]}\n".encode())
    os.close(master)
    program.kill() if time.monotonic() >= deadline else None
    code = program.wait()
    assert not waiting, f"never asked: {waiting[0][0]!r}; shown: {shown.decode('utf-8', 'replace')}"
    return code, CODES.sub("", shown.decode("utf-8", "replace"))
