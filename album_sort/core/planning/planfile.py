"""A plan as text and back: JSON lines, one for each row, closed by a line that shows that nothing is missing. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from album_sort.core import checked
from album_sort.core.known_trips import trip_from_json, trip_to_json
from album_sort.core.reason_json import reason_from_json, reason_to_json
from album_sort.errors import UsageError
from album_sort.sentences import sentence
from album_sort.types import (
    Action,
    AlbumId,
    FiledContent,
    Kept,
    KeptTrips,
    KnownTrip,
    Mode,
    Plan,
    PlannedOp,
    Reason,
    Role,
    Skipped,
    Stage,
    inner_path,
    inner_path_or_none,
    run_id_of,
)

SCHEMA_VERSION = 3
"""1: plan, op, skipped and end lines. 2: keeps lines, before the ops, counted at the end. 3: trips and trip lines likewise."""

_READ_VERSIONS = (1, 2, 3)


def plan_to_lines(plan: Plan) -> Iterator[str]:
    """The lines of a plan, each with its newline; pure ASCII, so that names of any bytes survive as escapes."""
    head = {
        "type": "plan",
        "schema_version": SCHEMA_VERSION,
        "plan_id": plan.plan_id,
        "created_utc": plan.created_utc.isoformat(),
        "destination": plan.destination,
        "mode": plan.mode,
        "settings_digest": plan.settings_digest,
    }
    yield json.dumps(head) + "\n"
    for kept in plan.keeps:
        yield json.dumps({"type": "keeps", "key": kept.key, "before": kept.before, "after": kept.after}) + "\n"
    trips = () if plan.trips is None else plan.trips.after
    if plan.trips is not None:
        yield json.dumps({"type": "trips", "before": plan.trips.before}) + "\n"
    for trip in trips:
        yield json.dumps({"type": "trip", **trip_to_json(trip)}) + "\n"
    for op in plan.ops:
        yield json.dumps(op_to_json(op)) + "\n"
    for skipped in plan.skipped:
        yield json.dumps(_skipped_to_json(skipped)) + "\n"
    end = {
        "type": "end",
        "keeps": len(plan.keeps),
        "trips": len(trips),
        "ops": len(plan.ops),
        "skipped": len(plan.skipped),
    }
    yield json.dumps(end) + "\n"


def op_to_json(op: PlannedOp) -> dict[str, Any]:
    """One row as a JSON object."""
    return {
        "type": "op",
        "op_id": op.op_id,
        "action": op.action,
        "source": op.source,
        "sha256": op.content_id,
        "size_bytes": op.size_bytes,
        "mtime_ns": op.mtime_ns,
        "target": op.target,
        "origin": op.origin,
        "group": op.group_id,
        "album": op.album,
        "role": op.role,
        "folder": op.folder,
        "why": [reason_to_json(reason) for reason in op.why],
    }


def op_from_json(row: Mapping[str, Any]) -> PlannedOp:
    """The row of a JSON object; raises one of `checked.NONSENSE` where it is none, or names a place outside the destination."""
    return PlannedOp(
        op_id=checked.whole(row["op_id"]),
        action=Action(row["action"]),
        filed=FiledContent(
            content_id=checked.content(row["sha256"]),
            group_id=checked.content(row["group"]),
            album=AlbumId(checked.text(row["album"])),
            folder=inner_path_or_none(row["folder"]),
            role=Role(row["role"]),
            source=checked.outer_path(row["source"]),
        ),
        size_bytes=checked.whole(row["size_bytes"]),
        mtime_ns=checked.whole(row["mtime_ns"], -checked.LARGEST_TIME_NS, checked.LARGEST_TIME_NS),
        target=inner_path(row["target"]),
        origin=inner_path_or_none(row["origin"]),
        why=tuple(reason_from_json(reason) for reason in row["why"]),
    )


def _skipped_to_json(skipped: Skipped) -> dict[str, Any]:
    return {
        "type": "skipped",
        "path": skipped.path,
        "stage": skipped.stage,
        "reason": reason_to_json(skipped.reason),
        "is_problem": skipped.is_problem,
    }


def _skipped_from_json(row: Mapping[str, Any]) -> Skipped:
    said = row["reason"]
    # Plans of before there were codes have a sentence.
    reason = Reason.of("skip.said", detail=checked.name(said)) if isinstance(said, str) else reason_from_json(said)
    return Skipped(
        checked.outer_path(row["path"]), Stage(row["stage"]), reason, is_problem=checked.yes_or_no(row["is_problem"])
    )


def _kept_from_json(row: Mapping[str, Any]) -> Kept:
    # The path of an albums file may be of any bytes.
    before, after = (checked.name(row[name], checked.LONGEST_SETTING) for name in ("before", "after"))
    return Kept(checked.text(row["key"]), before, after)


def plan_from_lines(lines: Iterable[str | bytes], *, name: str = "plan") -> Plan:
    """The plan that the lines describe; raises `UsageError` with the line where they do not."""
    head: Mapping[str, Any] | None = None
    ops: list[PlannedOp] = []
    skipped: list[Skipped] = []
    keeps: list[Kept] = []
    trips: list[KnownTrip] = []
    trips_before: str | None = None
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            row = checked.json_object(line)
            match row["type"]:
                case "plan" if head is None:
                    head = _checked_head(row, name)
                case "keeps" if head is not None:
                    keeps.append(_kept_from_json(row))
                case "trips" if head is not None and trips_before is None:
                    trips_before = checked.text(row["before"])
                case "trip" if trips_before is not None:
                    trips.append(trip_from_json(row))
                case "op" if head is not None:
                    ops.append(op_from_json(row))
                case "skipped" if head is not None:
                    skipped.append(_skipped_from_json(row))
                case "end" if head is not None and _counted(row) == (len(keeps), len(trips), len(ops), len(skipped)):
                    kept_trips = None if trips_before is None else KeptTrips(trips_before, tuple(trips))
                    return replace(_plan(head, ops, skipped), keeps=tuple(keeps), trips=kept_trips)
                case _:
                    raise ValueError(sentence("plan.unexpected-line", kind=row["type"]))
        except checked.NONSENSE as error:
            raise UsageError(
                sentence("plan.is-not-a-plan", name=name, number=number, what=_what(error)),
                hint=sentence("plan.make-it-anew-with"),
            ) from error
    raise UsageError(
        sentence("plan.is-cut-off-after", name=name, number=number), hint=sentence("plan.make-it-anew-with")
    )


def _counted(end: Mapping[str, Any]) -> tuple[object, ...]:
    # Plans of version 1 keep nothing, those of version 2 no trips.
    return end.get("keeps", 0), end.get("trips", 0), end["ops"], end["skipped"]


def _what(error: Exception) -> str:
    """What is wrong with a line, without the words of a library."""
    if isinstance(error, UnicodeDecodeError):
        return sentence("plan.is-not-text-in")
    if isinstance(error, KeyError):
        return sentence("plan.lacks", error=error)
    if isinstance(error, json.JSONDecodeError | RecursionError):
        return sentence("plan.cannot-be-read")
    return sentence("plan.not-a-row", error=error)


def _checked_head(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if row["schema_version"] not in _READ_VERSIONS:
        raise UsageError(
            sentence(
                "plan.has-schema-version-this", name=name, row=row["schema_version"], schema_version=SCHEMA_VERSION
            ),
            hint=sentence("plan.make-it-anew-with"),
        )
    return row


def _plan(head: Mapping[str, Any], ops: list[PlannedOp], skipped: list[Skipped]) -> Plan:
    destination = checked.outer_path(head["destination"])
    if not destination.startswith("/"):
        # From another working folder it would be another place.
        raise ValueError(sentence("plan.not-a-whole-path", destination=destination))
    if len({op.op_id for op in ops}) < len(ops):
        raise ValueError(sentence("plan.one-number"))
    return Plan(
        plan_id=run_id_of(head["plan_id"]),
        created_utc=checked.moment(head["created_utc"]),
        destination=destination,
        mode=Mode(head["mode"]),
        settings_digest=checked.text(head["settings_digest"]),
        ops=tuple(ops),
        skipped=tuple(skipped),
    )
