"""What a person sees while a run goes on: notices, and a line of progress on a terminal that can draw one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

from album_sort.events import (
    Event,
    FileLeftOut,
    MachineChanged,
    MachineLooked,
    Notice,
    OpFinished,
    RunFinished,
    StageFinished,
    StageProgress,
    StageStarted,
)
from album_sort.operations.words import terminal_words
from album_sort.terminal.layout import err_console, printable, say, shortened
from album_sort.types import LANGUAGES

_REDRAW_S = 0.1

_WITH_WORDS = 56
"""Cells from which on there is room for more than one word."""

_WITH_BAR = 76
"""Cells from which on there is room for a bar beside the words and figures."""

_BESIDE_FOLDER = 80
"""Cells of all that stands before the current folder."""

_LEAST_FOLDER = 16

_BESIDE_MACHINES = 58
"""Cells of all that stands beside the machines: a bar, figures, the time left."""


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
    _machines: dict[str, float] = field(default_factory=dict)
    """Files a second of each other machine that looks at photos."""

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
            case MachineLooked(worker, _, _, per_second):
                self._machines[worker] = per_second
            case MachineChanged(worker, state):
                self._machines.pop(worker, None)
                if state == "joined":
                    self._machines[worker] = 0.0
                self._draw_machines()
            case StageFinished() | FileLeftOut() | OpFinished() | RunFinished():
                pass

    def _begin(self, stage: str, total: int | None) -> None:
        self._machines.clear()
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
        self._draw_machines()

    def _draw_machines(self) -> None:
        if self._machines and self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=escape(self._said_of_machines()))

    def _said_of_machines(self) -> str:
        """In place of what is being done: who does it, and how quickly once a first answer is there."""
        by_rate = sorted(self._machines.items(), key=lambda one: (-one[1], one[0]))
        rates = [(printable(name, self.console.encoding), f" {rate:,.0f}/s" if rate else "") for name, rate in by_rate]
        said = ", ".join(f"{name}{rate}" for name, rate in rates)
        return shortened(said, max(self.console.width - _BESIDE_MACHINES, _LEAST_FOLDER), self.console)


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


@contextmanager
def download_line(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar for a file that is fetched; the function takes bytes so far, and in all where that is known."""
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err_console()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
