"""A lost state made anew: from what each run left in `runs/<id>/`, the corrections' mirror, and the tree itself.

Files that no run speaks of are found by their content when the next run plans (`adopt`).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from album_sort.state.facts import INSERT_FACT, fact_to_columns
from album_sort.state.known_trips import insert_trip
from album_sort.state.memory import (
    INSERT_CORRECTION,
    correction_to_columns,
    read_corrections,
    transaction,
)
from album_sort.state.replay import Played, Rebuilt, replay
from album_sort.state.rows import UPSERT_OUTPUT, ledger_to_columns, ledger_to_json, op_to_text, to_column
from album_sort.state.run_files import RunFiles, read_runs
from album_sort.state.words import INSERT_WORD, word_to_columns
from album_sort.types.ledger import STATE_FOLDER, Phase, RunRecord, RunStatus

CORRECTIONS = "corrections.jsonl"


def rebuild(connection: sqlite3.Connection, destination: Path) -> None:
    """Fill an empty database; does nothing where there is nothing to read."""
    corrections, facts = read_corrections(destination / STATE_FOLDER / CORRECTIONS)
    found = replay(destination, read_runs(destination))
    with transaction(connection):
        connection.executemany(INSERT_CORRECTION, map(correction_to_columns, corrections))
        connection.executemany(INSERT_FACT, map(fact_to_columns, facts))
        happened = Counter(row.run_id for row in found.played)
        for run in found.runs:
            _insert_run(connection, run, happened[run.record.run_id])
        connection.executemany(UPSERT_OUTPUT, map(ledger_to_columns, found.ledger.values()))
        _insert_journal(connection, found.played)
        _insert_memory(connection, found)


def insert_run(connection: sqlite3.Connection, run: RunRecord) -> None:
    """Enter a run into the history."""
    connection.execute(
        "INSERT OR REPLACE INTO runs (run_id, command, started_utc, finished_utc, status, mode, settings_digest, done, failed,"
        " version, continues) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.run_id,
            run.command,
            run.started_utc.isoformat(),
            run.finished_utc and run.finished_utc.isoformat(),
            run.status,
            run.mode,
            run.settings_digest,
            run.done,
            run.failed,
            run.version,
            run.continues,
        ),
    )


def _insert_run(connection: sqlite3.Connection, run: RunFiles, happened: int) -> None:
    # One that was killed has not left how much it did; as one that did nothing, an undo would take back the run before it.
    insert_run(connection, run.record if run.end is not None else replace(run.record, done=happened))
    connection.executemany(INSERT_WORD, [word_to_columns(run.record.run_id, word) for word in run.words])
    if run.record.status is not RunStatus.UNDONE:
        connection.executemany(
            "INSERT OR IGNORE INTO folders VALUES (?, ?)",
            [(to_column(folder), run.record.run_id) for folder in run.new_folders],
        )


def _insert_journal(connection: sqlite3.Connection, played: Iterable[Played]) -> None:
    """So that `undo` knows what the runs did."""
    connection.executemany(
        "INSERT OR REPLACE INTO ops (run_id, op_id, phase, action, target, op, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                row.run_id,
                row.op.op_id,
                Phase.DONE,
                row.after.action if row.op.action.makes_a_file and row.after else row.op.action,
                to_column(row.op.target),
                op_to_text(row.op),
                ledger_to_json(row.before),
                ledger_to_json(row.after),
            )
            for row in played
        ),
    )


def _insert_memory(connection: sqlite3.Connection, found: Rebuilt) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO settings VALUES (?, ?)",
        [(key, to_column(value)) for key, value in found.settings.items()],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO folder_aliases VALUES (?, ?)",
        [(to_column(old), to_column(new)) for old, new in found.aliases.items()],
    )
    for trip in found.trips:
        insert_trip(connection, trip)
