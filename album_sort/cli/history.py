"""`undo` and `verify`: taking a run back, and whether the albums are still whole."""

from __future__ import annotations

import os

from album_sort.cli._printer import make_printer
from album_sort.config import read_layers
from album_sort.errors import ExitCode
from album_sort.fileops.verify import Verified
from album_sort.operations.as_json import undone_as_json
from album_sort.operations.order import settings_at_hand
from album_sort.operations.undo import TakenBack, undo
from album_sort.operations.verify import verify
from album_sort.process.effects import stop_on_signals
from album_sort.terminal.history import tell_file, tell_half_undone, tell_undone, tell_verified
from album_sort.terminal.printers import print_json


def run_undo(destination: str, run_id: str, *, wait: float, quiet: bool, as_json: bool) -> ExitCode:
    """Takes a run back; without an id, the last one that still has an effect."""

    def tell(taken: TakenBack) -> None:
        if as_json:
            print_json(undone_as_json(taken))
        else:
            tell_undone(taken, quiet=quiet)
        tell_half_undone(taken)

    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False)
    settings = settings_at_hand(destination, lambda kept: read_layers(None, os.environ, {}, kept))
    with stop_on_signals() as stop, printer:
        taken = undo(destination, run_id, wait_seconds=wait, sink=printer, stop=stop, tell=tell, settings=settings)
    if taken.undone is not None and taken.undone.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if taken.is_complete else ExitCode.PARTIAL


def run_verify(destination: str, *, quiet: bool, verbose: bool, as_json: bool) -> ExitCode:
    """Reads every file of the albums again; exit code 3 where one is missing or damaged."""
    printer = make_printer(quiet=quiet, as_json=as_json, with_progress=False)

    def tell(file: Verified) -> None:
        if as_json:
            print_json({"path": file.path, "verdict": file.verdict, "detail": file.detail})
        elif verbose:
            tell_file(file.path, file.verdict, file.detail)

    albums = verify(destination, sink=printer, on_file=tell)
    if not as_json:
        tell_verified(albums, quiet=quiet, verbose=verbose)
    return ExitCode.PARTIAL if albums.bad else ExitCode.DONE
