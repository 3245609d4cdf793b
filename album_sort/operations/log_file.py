"""A log of runs: events that matter, appended to a file that is rotated. It never makes a run wait or fail."""

from __future__ import annotations

import logging
import logging.handlers
import os
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Self

from album_sort.core.printable import printable_in
from album_sort.events import Event, FileLeftOut, Notice, OpFinished, RunFinished, StageFinished
from album_sort.operations.own_files import open_log
from album_sort.types import OpStatus

LOG_BYTES = 5_000_000
LOG_FILES = 5


class _Lines(logging.handlers.RotatingFileHandler):
    """It may be a pipe whose reader has gone."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(open_log(self.baseFilename), "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A line that cannot be written is left out."""


@dataclass(slots=True)
class LogFile:
    """Appends what matters to a file, which is rotated at 5 MB, five times."""

    path: str
    _logger: logging.Logger | None = None

    def __enter__(self) -> Self:
        """Opens the log."""
        handler = _Lines(
            self.path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger = logging.Logger("album-sort")
        self._logger.addHandler(handler)
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the log."""
        if self._logger is not None:
            for handler in self._logger.handlers:
                handler.close()

    def __call__(self, event: Event) -> None:
        """Writes a line of what somebody may look for later."""
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
    return printable_in("utf-8", text)
