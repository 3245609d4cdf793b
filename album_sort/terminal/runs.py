"""The runs of a destination, on a terminal: quickly, so that nothing is known here of how they are made or taken back."""

from __future__ import annotations

from collections.abc import Iterable

from album_sort.sentences import sentence
from album_sort.terminal.layout import out_console, print_table
from album_sort.types.ledger import RunRecord

_RUN_HEADS = ("run", "started", "command", "mode", "status", "files", "failed")


def tell_runs(runs: Iterable[RunRecord]) -> None:
    """The runs of a destination."""
    rows = [
        (
            run.run_id,
            f"{run.started_utc:%Y-%m-%d %H:%M:%S}",
            run.command,
            run.mode,
            sentence(f"command.status-{run.status}"),
            f"{run.done:,}",
            f"{run.failed:,}",
        )
        for run in runs
    ]
    heads = [sentence(f"command.head-{name}") for name in _RUN_HEADS]
    print_table(out_console(), heads, rows, right=(5, 6))
