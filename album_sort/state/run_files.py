"""What each run leaves of itself in `runs/<id>/`, for the day on which the database is lost.

`plan.jsonl` has a line on the run and one for each row before the first effect, and a line on its end after the last; a run without
that line was killed. `trips.jsonl` is there where the run knew other trips than those before it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from album_sort.core.naming import is_safe
from album_sort.core.planfile import op_from_json, op_to_json
from album_sort.state.memory import append_lines
from album_sort.types import AlbumRelPath, ContentId, Plan, PlannedOp
from album_sort.types.ledger import STATE_FOLDER, KnownTrip, RunRecord, RunStatus

RUNS = "runs"
PLAN = "plan.jsonl"
TRIPS = "trips.jsonl"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    record: RunRecord
    done: tuple[int, ...]
    """Rows whose effect is there, by `op_id`, in order."""
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

    @property
    def order(self) -> tuple[datetime, str]:
        """Runs in the order of the history."""
        return self.record.started_utc.replace(tzinfo=None), self.record.run_id


def _folder_of(destination: Path, run_id: str) -> Path:
    return destination / STATE_FOLDER / RUNS / run_id


def write_run_plan(
    destination: Path, run: RunRecord, plan: Plan, found_again: Mapping[AlbumRelPath, AlbumRelPath]
) -> None:
    """Leave what a run is about to do, and where it found files that the user has moved (old place -> new place)."""
    folder = _folder_of(destination, run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "type": "run",
        "run_id": run.run_id,
        "command": run.command,
        "started_utc": run.started_utc.isoformat(),
        "mode": run.mode,
        "settings_digest": run.settings_digest,
        "version": run.version,
        "new_folders": sorted(_missing_folders(destination, plan)),
        "found_again": dict(found_again),
    }
    with (folder / PLAN).open("w", encoding="ascii") as stream:
        stream.write(json.dumps(head) + "\n")
        stream.writelines(json.dumps(op_to_json(op)) + "\n" for op in plan.effects)
        stream.flush()
        os.fsync(stream.fileno())


def _missing_folders(destination: Path, plan: Plan) -> set[str]:
    folders = {str(folder) for op in plan.effects for folder in PurePosixPath(op.target).parents if folder.name}
    return {folder for folder in folders if not (destination / folder).exists()}


def write_run_end(destination: Path, end: RunEnd, trips: Sequence[KnownTrip]) -> None:
    """Leave how a run ended; nothing where the run's folder is gone. An undo or a recovery writes it again."""
    record = end.record
    folder = _folder_of(destination, record.run_id)
    if not (folder / PLAN).is_file():
        return
    text = "".join(json.dumps(_trip_to_json(trip)) + "\n" for trip in trips)
    if text != _newest_trips(destination):
        _replace(folder / TRIPS, text)
    values = {
        "type": "end",
        "status": record.status,
        "finished_utc": record.finished_utc and record.finished_utc.isoformat(),
        "rows_done": record.done,
        "rows_failed": record.failed,
        "done": _ranges(end.done),
        "settings": dict(end.settings),
        "aliases": dict(end.aliases),
    }
    append_lines(folder / PLAN, [json.dumps(values)])


def _newest_trips(destination: Path) -> str:
    newest = max((destination / STATE_FOLDER / RUNS).glob(f"*/{TRIPS}"), default=None)
    return "" if newest is None else newest.read_text(encoding="ascii")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    """`1 2 3 7` as `[[1, 3], [7, 7]]`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def has_runs(destination: Path) -> bool:
    """Whether any run has left something."""
    return any((destination / STATE_FOLDER / RUNS).glob(f"*/{PLAN}"))


def read_runs(destination: Path) -> list[RunFiles]:
    """What all runs have left, oldest first; what cannot be read ends a file."""
    paths = (destination / STATE_FOLDER / RUNS).glob(f"*/{PLAN}")
    return sorted((run for path in paths if (run := _read_run(path))), key=lambda run: run.order)


def _read_run(path: Path) -> RunFiles | None:
    head: dict[str, Any] | None = None
    record: RunRecord | None = None
    ops: list[PlannedOp] = []
    end: RunEnd | None = None
    for values in _lines(path):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            if record is None:
                record, head = _record_of(path.parent.name, values), values
            elif values["type"] == "end":
                end = _end_of(record, values)
            else:
                op = op_from_json(values)
                if is_safe(op.target) and (not op.origin or is_safe(op.origin)):
                    ops.append(op)
    if record is None or head is None:
        return None
    return RunFiles(
        record=end.record if end else record,
        new_folders=tuple(AlbumRelPath(str(one)) for one in head.get("new_folders", ()) if is_safe(str(one))),
        found_again=_safe_pairs(head.get("found_again", {})),
        ops=tuple(ops),
        end=end,
        trips=_read_trips(path.with_name(TRIPS)),
    )


def _safe_pairs(values: Mapping[str, Any]) -> dict[AlbumRelPath, AlbumRelPath]:
    pairs = ((str(old), str(new)) for old, new in values.items())
    return {AlbumRelPath(old): AlbumRelPath(new) for old, new in pairs if is_safe(old) and is_safe(new)}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(ValueError, OSError), path.open(encoding="ascii") as stream:
        for line in stream:
            values = json.loads(line)
            if not isinstance(values, dict):
                return
            yield values


def _record_of(run_id: str, head: Mapping[str, Any]) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        command=str(head["command"]),
        started_utc=datetime.fromisoformat(head["started_utc"]),
        finished_utc=None,
        status=RunStatus.INTERRUPTED,
        mode=str(head["mode"]),
        settings_digest=str(head["settings_digest"]),
        version=str(head["version"]),
    )


def _end_of(record: RunRecord, values: Mapping[str, Any]) -> RunEnd:
    finished = values["finished_utc"]
    ended = RunRecord(
        run_id=record.run_id,
        command=record.command,
        started_utc=record.started_utc,
        finished_utc=datetime.fromisoformat(finished) if finished else None,
        status=RunStatus(values["status"]),
        mode=record.mode,
        settings_digest=record.settings_digest,
        done=int(values["rows_done"]),
        failed=int(values["rows_failed"]),
        version=record.version,
    )
    return RunEnd(
        record=ended,
        done=tuple(number for first, last in values["done"] for number in range(int(first), int(last) + 1)),
        settings={str(key): str(value) for key, value in values["settings"].items()},
        aliases=_safe_pairs(values["aliases"]),
    )


def _trip_to_json(trip: KnownTrip) -> dict[str, Any]:
    return {
        "trip_id": trip.trip_id,
        "title": trip.title,
        "start": trip.start.isoformat(),
        "end": trip.end.isoformat(),
        "members": sorted(trip.members),
    }


def _read_trips(path: Path) -> tuple[KnownTrip, ...] | None:
    if not path.is_file():
        return None
    trips = []
    for values in _lines(path):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            start, end = date.fromisoformat(values["start"]), date.fromisoformat(values["end"])
            members = frozenset(ContentId(str(member)) for member in values["members"])
            trips.append(KnownTrip(str(values["trip_id"]), str(values["title"]), start, end, members))
    return tuple(trips)
