"""What each run leaves of itself in `runs/<id>/`, for the day on which the database is lost.

`plan.jsonl` has a line on the run and one for each row before the first effect, and a line on its end after the last; a run without
that line was killed. `trips.jsonl` is there where the run knew other trips than those before it, `words.jsonl` where it remembered
something that a person said.
"""

from __future__ import annotations

import bisect
import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from album_sort.core import checked
from album_sort.core.known_trips import trip_from_json
from album_sort.core.planning.planfile import op_from_json, op_to_json
from album_sort.state.known_trips import trip_to_line
from album_sort.state.memory import append_lines
from album_sort.state.own_files import RUNS, is_regular_file, objects_of, open_own_to_write, run_folders
from album_sort.state.words import WORDS, word_to_line, words_in
from album_sort.types import AlbumRelPath, KnownTrip, Plan, PlannedOp, RunId, inner_path, run_id_of
from album_sort.types.ledger import STATE_FOLDER, RunRecord, RunStatus
from album_sort.types.told import Word

PLAN = "plan.jsonl"
TRIPS = "trips.jsonl"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    record: RunRecord
    done: tuple[tuple[int, int], ...]
    """Rows whose effect is there: first and last `op_id` of each stretch of them, in order."""
    settings: Mapping[str, str]
    """What the destination remembers of this run: `language`, `model`."""
    aliases: Mapping[AlbumRelPath, AlbumRelPath]
    """Folders that the user had renamed by then."""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What one run has left."""

    record: RunRecord
    """As it began, where there is no end."""
    new_folders: tuple[AlbumRelPath, ...]
    found_again: Mapping[AlbumRelPath, AlbumRelPath]
    """Files that the user had moved since the run before: old place -> new place."""
    ops: tuple[PlannedOp, ...]
    end: RunEnd | None = None
    trips: tuple[KnownTrip, ...] | None = field(default=None)
    """All trips that were known at its end; None where they were those of the run before."""
    words: tuple[Word, ...] = ()
    """What it remembered of a person's word."""

    @property
    def order(self) -> tuple[datetime, str]:
        """Runs in the order of the history."""
        return self.record.started_utc.replace(tzinfo=None), self.record.run_id


def _folder_of(destination: Path, run_id: RunId) -> Path:
    return destination / STATE_FOLDER / RUNS / run_id


def write_run_plan(
    destination: Path,
    run: RunRecord,
    plan: Plan,
    found_again: Mapping[AlbumRelPath, AlbumRelPath],
    words: Iterable[Word] = (),
) -> None:
    """Leave what a run is about to do, and where it found files that the user has moved (old place -> new place)."""
    folder = _folder_of(destination, run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    if lines := [word_to_line(word) for word in words]:
        _replace(folder / WORDS, lines)
    head = {
        "type": "run",
        "run_id": run.run_id,
        "command": run.command,
        "started_utc": run.started_utc.isoformat(),
        "mode": run.mode,
        "settings_digest": run.settings_digest,
        "version": run.version,
        "continues": run.continues,
        "new_folders": sorted(_missing_folders(destination, plan)),
        "found_again": dict(found_again),
    }
    with open_own_to_write(folder / PLAN) as stream:
        stream.write(json.dumps(head).encode("ascii") + b"\n")
        stream.writelines(json.dumps(op_to_json(op)).encode("ascii") + b"\n" for op in plan.effects)
        stream.flush()
        os.fsync(stream.fileno())


def _missing_folders(destination: Path, plan: Plan) -> set[str]:
    folders = {str(folder) for op in plan.effects for folder in PurePosixPath(op.target).parents if folder.name}
    return {folder for folder in folders if not (destination / folder).exists()}


def write_run_end(destination: Path, end: RunEnd, trips: Sequence[KnownTrip]) -> None:
    """Leave how a run ended; nothing where the run's folder is gone. An undo or a recovery writes it again."""
    record = end.record
    folder = _folder_of(destination, record.run_id)
    if not is_regular_file(folder / PLAN):
        return
    if tuple(trips) != _newest_trips(destination):
        _replace(folder / TRIPS, [trip_to_line(trip) for trip in trips])
    values = {
        "type": "end",
        "status": record.status,
        "finished_utc": record.finished_utc and record.finished_utc.isoformat(),
        "rows_done": record.done,
        "rows_failed": record.failed,
        "done": end.done,
        "settings": dict(end.settings),
        "aliases": dict(end.aliases),
    }
    append_lines(folder / PLAN, [json.dumps(values)])


def _newest_trips(destination: Path) -> tuple[KnownTrip, ...]:
    left = (_read_trips(folder / TRIPS) for _, folder in reversed(run_folders(destination)))
    return next((trips for trips in left if trips is not None), ())


def _replace(path: Path, lines: Iterable[str]) -> None:
    temporary = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        # Also a link of that name, which would lead elsewhere.
        temporary.unlink()
    with open_own_to_write(temporary) as stream:
        stream.writelines(line.encode("ascii") + b"\n" for line in lines)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def stretches(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """`1 2 3 7` as `(1, 3), (7, 7)`."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def is_in(number: int, found: Sequence[tuple[int, int]]) -> bool:
    """Whether a number is in one of the stretches, which are in order."""
    place = bisect.bisect_right(found, (number, checked.LARGEST_SIZE)) - 1
    return place >= 0 and number <= found[place][1]


def has_runs(destination: Path) -> bool:
    """Whether any run has left something."""
    return any(is_regular_file(folder / PLAN) for _, folder in run_folders(destination))


def read_runs(destination: Path) -> list[RunFiles]:
    """What all runs have left, oldest first; what cannot be read ends a file."""
    runs = (_read_run(run_id, folder) for run_id, folder in run_folders(destination))
    return sorted((run for run in runs if run is not None), key=lambda run: run.order)


def read_run(destination: Path, run_id: RunId) -> RunFiles | None:
    """What one run has left; None where that cannot be read."""
    return _read_run(run_id, _folder_of(destination, run_id))


def _read_run(run_id: RunId, folder: Path) -> RunFiles | None:
    rows = objects_of(folder / PLAN)
    try:
        head = next(rows)
        begun = RunFiles(
            record=_record_of(run_id, head),
            new_folders=tuple(map(inner_path, checked.listed(head.get("new_folders", [])))),
            found_again=pairs_of(head.get("found_again", {})),
            ops=(),
        )
    except (StopIteration, *checked.NONSENSE):
        return None
    ops: dict[int, PlannedOp] = {}
    end: RunEnd | None = None
    for values in rows:
        # A row that makes no sense is none; what it did is found by its content.
        with contextlib.suppress(*checked.NONSENSE):
            if values["type"] == "end":
                end = _end_of(begun.record, values)
            else:
                op = op_from_json(values)
                ops.setdefault(op.op_id, op)
    return replace(
        begun,
        record=end.record if end else begun.record,
        ops=tuple(ops.values()),
        end=end,
        trips=_read_trips(folder / TRIPS),
        words=words_in(folder),
    )


def pairs_of(values: Mapping[str, Any]) -> dict[AlbumRelPath, AlbumRelPath]:
    """Old places and new ones; raises one of `checked.NONSENSE`."""
    return {inner_path(old): inner_path(new) for old, new in values.items()}


def _record_of(run_id: RunId, head: Mapping[str, Any]) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        command=checked.text(head["command"]),
        started_utc=checked.moment(head["started_utc"]),
        finished_utc=None,
        status=RunStatus.KILLED,
        mode=checked.text(head["mode"]),
        settings_digest=checked.text(head["settings_digest"]),
        version=checked.text(head["version"]),
        continues=run_id_of(continues) if (continues := head.get("continues", "")) else "",
    )


def _end_of(begun: RunRecord, values: Mapping[str, Any]) -> RunEnd:
    finished = values["finished_utc"]
    done = tuple(
        (checked.whole(first), checked.whole(last))
        for first, last in map(checked.listed, checked.listed(values["done"]))
    )
    if list(done) != sorted(done):
        raise ValueError("rows done are out of order")
    return RunEnd(
        record=replace(
            begun,
            finished_utc=None if finished is None else checked.moment(finished),
            status=RunStatus(values["status"]),
            done=checked.whole(values["rows_done"]),
            failed=checked.whole(values["rows_failed"]),
        ),
        done=done,
        settings={
            checked.text(key): checked.name(value, checked.LONGEST_SETTING) for key, value in values["settings"].items()
        },
        aliases=pairs_of(values["aliases"]),
    )


def _read_trips(path: Path) -> tuple[KnownTrip, ...] | None:
    if not is_regular_file(path):
        return None
    trips: dict[str, KnownTrip] = {}
    for values in objects_of(path):
        with contextlib.suppress(*checked.NONSENSE):
            trip = trip_from_json(values)
            trips.setdefault(trip.trip_id, trip)
    return tuple(trips.values())
