"""Who listens to a run: a person, a program that reads JSON lines, a log beside them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Self

from album_sort.events import Event, Listener
from album_sort.operations.as_json import event_as_json
from album_sort.operations.log_file import LogFile
from album_sort.terminal.progress import HumanPrinter
from album_sort.types import LANGUAGES


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
        row = event_as_json(event)
        if row is not None:
            print_json(row)


def print_json(row: dict[str, object]) -> None:
    """One line on stdout, at once; ASCII, so that names with undecodable bytes survive as escapes."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class _Logged:
    """A printer with a log beside it."""

    inner: Listener
    log: LogFile

    def __enter__(self) -> Self:
        self.log.__enter__()
        self.inner.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self.inner.__exit__(*raised)
        self.log.__exit__(*raised)

    def __call__(self, event: Event) -> None:
        self.inner(event)
        self.log(event)


def printer_for(
    *, quiet: bool, as_json: bool, with_progress: bool, log_file: str, lang: str = LANGUAGES[0]
) -> Listener:
    """The printer for these options."""
    printer: Listener = JsonPrinter() if as_json else HumanPrinter(quiet=quiet, with_progress=with_progress, lang=lang)
    return _Logged(printer, LogFile(log_file)) if log_file else printer
