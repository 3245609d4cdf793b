"""Real workers, meeting places and runs, for the tests of the cluster: processes of the program, over TLS."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from album_sort.events import Event
from album_sort.pipeline.engine import Engine, make_engine
from album_sort.scan import scan
from album_sort.settings import Settings
from album_sort.state import codec
from album_sort.types import Inspection, Reason

REPOSITORY = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """A process of the program; what it says goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, words: str, seconds: float = 60) -> None:
        wait_until(lambda: words in self.said, seconds, lambda: f"{words!r} was not said, but: {self.said}")

    def end(self, number: signal.Signals, seconds: float) -> int:
        """Its exit code; raises `TimeoutExpired` where it takes longer."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def wait_until(is_so: Callable[[], bool], seconds: float, told: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, told()
        time.sleep(0.05)


@contextlib.contextmanager
def started(
    log: Path, *words: str | Path, environment: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Iterator[Process]:
    """`album-sort WORDS` in the background; killed at the end, where it still runs."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "album_sort", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
            start_new_session=True,
        )
    try:
        yield Process(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children(of: int) -> list[int]:
    """Processes that a process has started, and those that these have."""
    found = []
    for one in Path(f"/proc/{of}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, one.read_text().split()):
                found += [child, *children(child)]
    return found


def command_of(pid: int) -> str:
    """Its command line; empty where it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


@dataclass
class Trial:
    """A library looked at by a run, without albums: what was read, and what was told."""

    photos: Path
    settings: Settings
    cache: Path
    events: list[Event] = field(default_factory=list)

    def engine(self) -> Engine:
        return make_engine(self.settings, self.cache)

    def look(self) -> dict[str, tuple[object, ...]]:
        """All that the cache holds of each photo afterwards, by path."""
        from album_sort.operations.others import others_for  # noqa: PLC0415 - the extra is there

        find = others_for(self.settings)
        files = scan([str(self.photos)], destination=str(self.cache / "nowhere")).files
        engine = self.engine()
        with engine.open_cache() as cache:
            others = None if find is None else (lambda one: find(one, self.say, self.events.append))
            found = engine.inspect(files, cache, lambda _done, _path: None, lambda _note: None, find_others=others)
            embeddings = cache.embeddings_of([one.content_id for one in found.inspections.values()])
            looked = {
                path: (*_plain(one), bytes(embeddings.get(one.content_id, b"")), cache.thumbnail(one.content_id))
                for path, one in found.inspections.items()
            }
        failed = {path: (skipped.stage, skipped.reason) for path, skipped in found.failed.items()}
        return {**looked, **failed, "": (found.read_count, found.inference_count)}

    @staticmethod
    def say(reason: Reason) -> str:
        return str(reason)


def _plain(one: Inspection) -> tuple[object, ...]:
    return (
        one.content_id,
        one.media_format,
        codec.pack_metadata(one.metadata),
        one.pixel_source,
        codec.pack_statistics(one.statistics) if one.statistics else None,
        codec.pack_prediction(one.prediction) if one.prediction else None,
    )
