"""What a person sees: events to stderr while the run goes on, JSON lines for programs, nothing when asked to be quiet."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from album_sort.events import (
    Event,
    FileLeftOut,
    Notice,
    OpFinished,
    StageFinished,
    StageProgress,
    StageStarted,
)
from album_sort.types import OpStatus

STAGE_WORDS = {
    "scan": "looking for photos",
    "classify": "reading and classifying",
    "places": "dates, places, trips",
    "assign": "choosing albums",
    "plan": "planning",
    "apply": "filing",
    "report": "writing the report",
    "download": "fetching weights",
}

LOG_BYTES = 5_000_000
LOG_FILES = 5

_REDRAW_S = 0.1


class Printer(Protocol):
    """Takes events and is closed at the end."""

    def __call__(self, event: Event) -> None:
        """Takes one event."""

    def __enter__(self) -> Self:
        """Ready to print."""
        ...

    def __exit__(self, *_: object) -> None:
        """Leaves the terminal as it was."""
        ...


def err_console() -> Console:
    """For talk: stderr, without colours where `NO_COLOR` is set or nobody watches."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def out_console() -> Console:
    """For data: stdout; as wide as the terminal, 100 where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 100, soft_wrap=False)


@dataclass(slots=True)
class HumanPrinter:
    """Notices and a progress line; the line only on a terminal."""

    quiet: bool = False
    with_progress: bool = True
    console: Console = field(default_factory=err_console)
    _progress: Progress | None = None
    _task: TaskID | None = None
    _drawn: float = 0.0
    _started: float = 0.0

    def __enter__(self) -> Self:
        """Starts the progress line where there is somebody to see it."""
        if self.with_progress and not self.quiet and self.console.is_terminal:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(compact=True),
                TextColumn("[dim]{task.fields[current]}", table_column=None),
                console=self.console,
                transient=True,
            )
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __call__(self, event: Event) -> None:
        """Prints or draws what the event tells."""
        match event:
            case Notice(text):
                if not self.quiet:
                    self.console.print(escape(text))
            case StageStarted(stage, total):
                self._begin(stage, total)
            case StageProgress(stage, done, total, current):
                self._draw(done, total, current)
            case StageFinished() | FileLeftOut() | OpFinished():
                pass

    def _begin(self, stage: str, total: int | None) -> None:
        if self._progress is not None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            word = STAGE_WORDS.get(stage, stage)
            self._started = time.monotonic()
            self._task = self._progress.add_task(word, total=total, figures="", current="")

    def _draw(self, done: int, total: int | None, current: str) -> None:
        now = time.monotonic()
        if self._progress is None or self._task is None or now - self._drawn < _REDRAW_S:
            return
        self._drawn = now
        rate = done / max(now - self._started, 1e-3)
        figures = f"{done:,}/{total:,}  {rate:.0f}/s" if total else f"{done:,}"
        folder = current.rpartition("/")[0] or current
        width = max(self.console.width - 80, 10)
        shown = folder if len(folder) <= width else f"…{folder[-width:]}"
        self._progress.update(self._task, completed=done, total=total, figures=figures, current=escape(shown))


@dataclass(slots=True)
class JsonPrinter:
    """One JSON object a line on stdout: valid at any cut."""

    def __enter__(self) -> Self:
        """Ready to print."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to leave."""

    def __call__(self, event: Event) -> None:
        """Prints events that a program may want; progress is for eyes."""
        row: dict[str, object] | None = None
        match event:
            case StageStarted(stage, total):
                row = {"event": "stage_started", "stage": stage, "total": total}
            case StageFinished(stage, done, seconds):
                row = {"event": "stage_finished", "stage": stage, "done": done, "seconds": round(seconds, 3)}
            case Notice(text):
                row = {"event": "notice", "text": text}
            case FileLeftOut(skipped):
                row = {
                    "event": "left_out",
                    "source": skipped.path,
                    "stage": skipped.stage,
                    "reason": skipped.reason,
                }
            case OpFinished(op, result):
                row = {
                    "event": "file",
                    "source": op.source,
                    "target": op.target,
                    "action": result.action,
                    "status": result.status,
                    "error": result.error,
                }
            case StageProgress():
                pass
        if row is not None:
            print_json(row)


def print_json(row: dict[str, object]) -> None:
    """One line on stdout, at once; ASCII, so that names with undecodable bytes survive as escapes."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class LogPrinter:
    """Passes events on and appends what matters to a log file, which is rotated at 5 MB, five times."""

    inner: Printer
    path: str
    counts: Counter[str] = field(default_factory=Counter)
    _logger: logging.Logger | None = None

    def __enter__(self) -> Self:
        """Opens the log."""
        handler = logging.handlers.RotatingFileHandler(
            self.path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger = logging.Logger("album-sort")
        self._logger.addHandler(handler)
        self.inner.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        """Closes the log."""
        self.inner.__exit__(*raised)
        if self._logger is not None:
            for handler in self._logger.handlers:
                handler.close()

    def __call__(self, event: Event) -> None:
        """Passes the event on."""
        self.inner(event)
        if self._logger is None:
            return
        match event:
            case Notice(text):
                self._logger.info(text)
            case StageFinished(stage, done, seconds):
                self._logger.info("%s: %d in %.1f s", stage, done, seconds)
            case FileLeftOut(skipped):
                self._logger.warning("%s: %s (%s)", skipped.path, skipped.reason, skipped.stage)
            case OpFinished(op, result) if result.status is OpStatus.FAILED:
                self._logger.warning("%s: %s", op.source, result.error)
            case _:
                pass


def make_printer(*, quiet: bool, as_json: bool, with_progress: bool, log_file: str) -> Printer:
    """The printer for these options."""
    printer: Printer = JsonPrinter() if as_json else HumanPrinter(quiet=quiet, with_progress=with_progress)
    return LogPrinter(printer, log_file) if log_file else printer
