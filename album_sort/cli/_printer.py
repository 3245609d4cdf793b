"""Who listens to the run of a command."""

from __future__ import annotations

from album_sort.choices import LANGUAGES
from album_sort.process.sparing import Sparing
from album_sort.terminal.printers import printer_for


def make_printer(
    *, quiet: bool, as_json: bool, with_progress: bool, log_file: str = "", lang: str = LANGUAGES[0]
) -> Sparing:
    """The printer for these options, in a process that makes one run."""
    return Sparing(printer_for(quiet=quiet, as_json=as_json, with_progress=with_progress, log_file=log_file, lang=lang))
