"""`album-sort sort`: from the call to an order, and from the outcome to the summary and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from album_sort.cli._printer import make_printer
from album_sort.config import cache_folder, read_layers
from album_sort.errors import ExitCode
from album_sort.operations.as_json import outcome_as_json
from album_sort.operations.known_problems import KnownProblems
from album_sort.operations.order import order_for, settings_here
from album_sort.operations.own_files import check_log_file, check_plan_file
from album_sort.operations.path_list import listed_paths
from album_sort.operations.sort import preview, sort
from album_sort.paths import given_path
from album_sort.process.effects import give_way, stop_on_signals
from album_sort.terminal.first_run import greet
from album_sort.terminal.printers import print_json
from album_sort.terminal.summary import print_summary


@dataclass(frozen=True, slots=True)
class SortCall:
    """The command line, as given."""

    sources: tuple[str, ...]
    files_from: str | None
    destination: str
    flags: Mapping[str, object]
    config_file: Path | None
    is_preview: bool
    save_plan: Path | None
    save: bool
    """Whether the destination keeps this run's settings."""
    quiet: bool
    verbose: bool
    as_json: bool


def run_sort(call: SortCall) -> ExitCode:
    """Previews or sorts; raises `AlbumSortError` for what stops a run."""
    destination = given_path(call.destination)
    here = settings_here(destination, lambda kept: read_layers(call.config_file, os.environ, call.flags, kept))
    settings = here.settings
    is_preview = call.is_preview or call.save_plan is not None
    order = order_for(
        call.sources,
        destination,
        here,
        is_preview=is_preview,
        listed=listed_paths(call.files_from, sys.stdin.buffer),
        saves=call.save,
        in_detail=call.verbose,
        # To be told something at the end, somebody must be reading it.
        is_attended=sys.stdout.isatty() and not call.quiet,
    )
    if call.save_plan is not None:
        check_plan_file(call.save_plan)
    if settings.log_file:
        check_log_file(Path(settings.log_file))
    if order.is_attended and not call.as_json:
        greet(order, is_preview=is_preview)
    give_way(settings.nice)
    printer = make_printer(
        quiet=call.quiet,
        as_json=call.as_json,
        with_progress=settings.progress,
        log_file=settings.log_file,
        lang=here.lang,
    )
    with stop_on_signals() as stop:
        known = KnownProblems.read(cache_folder(), destination)
        with printer:
            if is_preview:
                outcome = preview(order, known, sink=printer, stop=stop, save_plan=call.save_plan)
            else:
                outcome = sort(order, known, sink=printer, stop=stop)
        if call.as_json:
            print_json(outcome_as_json(outcome))
        else:
            print_summary(outcome, known, quiet=call.quiet, verbose=call.verbose)
        if not is_preview:
            known.keep(outcome.summary.problems, order.sources)
        return outcome.exit_code
