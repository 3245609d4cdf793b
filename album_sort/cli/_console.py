"""What a person sees: events to stderr while the run goes on, JSON lines for programs, nothing when asked to be quiet."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from album_sort.cli._layout import printable, say, shortened
from album_sort.events import (
    Event,
    FileLeftOut,
    Notice,
    OpFinished,
    RunFinished,
    StageFinished,
    StageProgress,
    StageStarted,
)
from album_sort.operations.own_files import open_log
from album_sort.operations.words import terminal_words
from album_sort.types import LANGUAGES, OpStatus

LOG_BYTES = 5_000_000
LOG_FILES = 5

_REDRAW_S = 0.1

_WITH_WORDS = 56
"""Cells from which on there is room for more than one word."""

_WITH_BAR = 76
"""Cells from which on there is room for a bar beside the words and figures."""

_BESIDE_FOLDER = 80
"""Cells of all that stands before the current folder."""

_LEAST_FOLDER = 16


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
    return Console(stderr=True, highlight=False)


def out_console() -> Console:
    """For data: stdout."""
    return Console(highlight=False)


@dataclass(slots=True)
class HumanPrinter:
    """Notices and a progress line; the line only on a terminal that can draw one."""

    quiet: bool = False
    with_progress: bool = True
    lang: str = LANGUAGES[0]
    console: Console = field(default_factory=err_console)
    _progress: Progress | None = None
    _task: TaskID | None = None
    _drawn: float = 0.0
    _started: float = 0.0

    def __enter__(self) -> Self:
        """Starts the progress line where there is somebody to see it."""
        can_draw = self.console.is_terminal and not self.console.is_dumb_terminal
        if self.with_progress and not self.quiet and can_draw:
            self._progress = Progress(*_columns(self.console), console=self.console, transient=True)
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
            case Notice(text, is_urgent):
                if is_urgent or not self.quiet:
                    say(self.console, printable(text, self.console.encoding))
            case StageStarted(stage, total):
                self._begin(stage, total)
            case StageProgress(stage, done, total, current):
                self._draw(done, total, current)
            case StageFinished() | FileLeftOut() | OpFinished() | RunFinished():
                pass

    def _begin(self, stage: str, total: int | None) -> None:
        if self._progress is not None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            words = terminal_words(self.lang, self.console.encoding)
            key = f"stage_{stage}" if self.console.width >= _WITH_WORDS else f"stage_{stage}_short"
            word = words.sentences.get(key, stage)
            self._started = time.monotonic()
            self._task = self._progress.add_task(word, total=total, figures="", current="")

    def _draw(self, done: int, total: int | None, current: str) -> None:
        now = time.monotonic()
        if self._progress is None or self._task is None or now - self._drawn < _REDRAW_S:
            return
        self._drawn = now
        # of the last half minute, as the time left is reckoned: the first photos wait for the network to be loaded
        rate = self._progress.tasks[0].speed or done / max(now - self._started, 1e-3)
        figures = f"{done:,}/{total:,} {rate:,.0f}/s" if total else f"{done:,}"
        folder = printable(current.rpartition("/")[0] or current, self.console.encoding)
        room = self.console.width - _BESIDE_FOLDER
        shown = escape(shortened(folder, room, self.console)) if room >= _LEAST_FOLDER else ""
        self._progress.update(self._task, completed=done, total=total, figures=figures, current=shown)


def _columns(console: Console) -> list[ProgressColumn]:
    """As much as fits on one line: a line that wraps cannot be drawn over. What is spared first: the folder, then the bar."""
    is_unicode = console.encoding.startswith("utf")
    columns: list[ProgressColumn] = [
        SpinnerColumn("dots" if is_unicode else "line"),
        TextColumn(
            "{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis" if is_unicode else "crop")
        ),
    ]
    if console.width >= _WITH_BAR:
        columns.append(BarColumn(bar_width=20))
    columns += [
        TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
    ]
    if console.width >= _BESIDE_FOLDER + _LEAST_FOLDER:
        columns.append(TextColumn("[dim]{task.fields[current]}", table_column=Column(no_wrap=True)))
    return columns


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
            case FileLeftOut(skipped, said):
                row = {
                    "event": "left_out",
                    "source": skipped.path,
                    "stage": skipped.stage,
                    "reason": said,
                    "code": skipped.reason.code,
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
            case StageProgress() | RunFinished():
                pass
        if row is not None:
            print_json(row)


def print_json(row: dict[str, object]) -> None:
    """One line on stdout, at once; ASCII, so that names with undecodable bytes survive as escapes."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that never makes the run wait or fail: it may be a pipe whose reader has gone."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(open_log(self.baseFilename), "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A line that cannot be written is left out."""


@dataclass(slots=True)
class LogPrinter:
    """Passes events on and appends what matters to a log file, which is rotated at 5 MB, five times."""

    inner: Printer
    path: str
    counts: Counter[str] = field(default_factory=Counter)
    _logger: logging.Logger | None = None

    def __enter__(self) -> Self:
        """Opens the log."""
        handler = _LogFile(
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
                self._logger.info(_line(text))
            case StageFinished(stage, done, seconds):
                self._logger.info("%s: %d in %.1f s", stage, done, seconds)
            case FileLeftOut(skipped, said, is_known=False):
                self._logger.warning("%s: %s (%s)", _line(skipped.path), _line(said), skipped.stage)
            case OpFinished(op, result) if result.status is OpStatus.FAILED:
                self._logger.warning("%s: %s", _line(op.source), _line(result.error))
            case OpFinished(op, result) if result.action.has_effect and result.status is OpStatus.DONE:
                self._logger.info("%s: %s -> %s", result.action, _line(op.source), _line(op.target))
            case RunFinished():
                self._logger.info(
                    "%s: %d photos, %d filed, %d moved, %d could not be processed (%d of them known), exit code %d",
                    f"run {event.run_id}" if event.run_id else "nothing new",
                    event.photos,
                    event.filed,
                    event.moved,
                    event.problems,
                    event.known_problems,
                    event.exit_code,
                )
            case _:
                pass


def _line(text: str) -> str:
    """What is read with `cat` or `tail` later on: a name may neither begin a line of its own nor move the cursor."""
    return printable(text, "utf-8")


def make_printer(
    *, quiet: bool, as_json: bool, with_progress: bool, log_file: str, lang: str = LANGUAGES[0]
) -> Printer:
    """The printer for these options."""
    printer: Printer = JsonPrinter() if as_json else HumanPrinter(quiet=quiet, with_progress=with_progress, lang=lang)
    return LogPrinter(printer, log_file) if log_file else printer
