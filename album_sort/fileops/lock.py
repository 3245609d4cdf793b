"""One run per destination at a time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from album_sort.errors import DestinationError, DestinationLocked
from album_sort.reading import open_regular
from album_sort.sentences import sentence
from album_sort.types.ledger import STATE_FOLDER

_LOCK = "lock"
_HOLDER = "lock-holder.json"
_MOST_BYTES = 4096


@contextlib.contextmanager
def destination_lock(destination: str, *, wait_seconds: float = 0.0) -> Iterator[bool]:
    """Hold a destination; whether its last holder was killed. The system lets go of the lock when a process ends, however it ends.

    Raises `DestinationLocked` when another run holds it for longer than `wait_seconds`, `DestinationError` when there can be none.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only for a run that writes

    folder = os.path.join(destination, STATE_FOLDER)
    try:
        os.makedirs(folder, exist_ok=True)
        _check_is_file(os.path.join(folder, _LOCK))
        lock = FileLock(os.path.join(folder, _LOCK))
        lock.acquire(timeout=wait_seconds)
    except Timeout as timeout:
        raise DestinationLocked(
            sentence("files.another-run-holds", destination=destination, holder=_holder(folder)),
            hint=sentence("files.wait-until-it-is"),
        ) from timeout
    except OSError as error:
        raise DestinationError(
            sentence("files.cannot-lock", destination=destination, why=error.strerror),
            hint=sentence("files.check-that-it-can"),
        ) from error
    try:
        after_kill = was_killed(destination)
        _announce(folder)
        yield after_kill
    finally:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, _HOLDER))
        lock.release()


def _announce(folder: str) -> None:
    """Say who holds the lock; only for people, so that a failure is none."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since_utc": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }
    path = os.path.join(folder, _HOLDER)
    with contextlib.suppress(OSError):
        # Never through a link of that name, which would empty a file elsewhere.
        if os.path.lexists(path):
            os.unlink(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(holder, stream)


def _check_is_file(path: str) -> None:
    """Raises OSError where a link has the lock's name: taking the lock would empty a file elsewhere."""
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise OSError(errno.EINVAL, sentence("files.its-lock-is-not"), path)


def _holder(folder: str) -> str:
    try:
        descriptor = open_regular(os.path.join(folder, _HOLDER), follow=False)
        with os.fdopen(descriptor, "rb") as stream:
            holder = json.loads(stream.read(_MOST_BYTES))
        pid, host, since_utc = (str(holder[key])[:80] for key in ("pid", "host", "since_utc"))
        return sentence("files.process-on-since-utc", pid=pid, host=host, since_utc=since_utc)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def was_killed(destination: str) -> bool:
    """Whether the last holder of the lock was killed, so that the state folder holds its traces. Look only while nobody holds it."""
    return os.path.lexists(os.path.join(destination, STATE_FOLDER, _HOLDER))


def check_unlocked(destination: str, *, wait_seconds: float = 0.0) -> None:
    """Raises `DestinationLocked` when another run holds the destination. Writes nothing, and holds nothing afterwards.

    A run that would find nothing to do must leave the destination untouched, and even taking the lock touches it.
    """
    import fcntl  # noqa: PLC0415 - not on every system; the lock itself does without it

    path = os.path.join(destination, STATE_FOLDER, _LOCK)
    try:
        descriptor = open_regular(path, follow=False)
    except OSError:
        return  # no run has been here, or the coming one says what is wrong
    deadline = time.monotonic() + wait_seconds
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= deadline:
                    raise DestinationLocked(
                        sentence(
                            "files.another-run-holds", destination=destination, holder=_holder(os.path.dirname(path))
                        ),
                        hint=sentence("files.wait-until-it-is"),
                    ) from None
                time.sleep(0.2)
            else:
                return
    finally:
        os.close(descriptor)
