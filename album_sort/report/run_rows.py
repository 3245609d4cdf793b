"""The first row of a report, on the run, and the last, on its end, as JSON objects and back. Pure. Photos: `rows.py`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from album_sort.core.checked import outer_path
from album_sort.types import (
    REPORT_SCHEMA_VERSION,
    AlbumId,
    ChangedPhoto,
    ContentId,
    HandRow,
    Mode,
    ModelRow,
    RefusedDates,
    ReportFooter,
    ReportHeader,
    RunChanges,
    SettingRow,
    StageTiming,
    TripRow,
    run_id_of,
)
from album_sort.types.report import HAND_KINDS

Json = dict[str, Any]
"""One JSON object."""


def _moment(utc: datetime) -> str:
    return utc.isoformat(timespec="seconds") + "Z"


def _parse_moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def info_to_json(info: ReportHeader) -> Json:
    """The first row of a report."""
    model = info.model
    return {
        "type": "run",
        "schema_version": REPORT_SCHEMA_VERSION,
        "run": info.run_id,
        "program": f"album-sort {info.program_version}",
        "started": _moment(info.started_utc),
        "preview": info.is_preview,
        "destination": info.destination,
        "sources": list(info.sources),
        "mode": str(info.mode),
        "language": info.language,
        "model": model
        and {
            "name": model.name,
            "title": model.title,
            "weights_sha256": model.weights_sha256,
            "precision": model.precision,
            "note": model.note,
        },
        "settings": [{"name": row.name, "value": row.value, "origin": row.origin} for row in info.settings],
        "albums": dict(info.albums),
    } | ({"covers": dict(info.covers)} if info.covers else {})


def info_from_json(row: Json) -> ReportHeader:
    """The facts of a run from the first row of its report."""
    return ReportHeader(
        run_id=run_id_of(row["run"]),
        program_version=row["program"].removeprefix("album-sort "),
        started_utc=_parse_moment(row["started"]),
        destination=row["destination"],
        sources=tuple(outer_path(source) for source in row["sources"]),
        mode=Mode(row["mode"]),
        language=row["language"],
        is_preview=row["preview"],
        model=ModelRow(**row["model"]) if row["model"] else None,
        settings=tuple(SettingRow(**setting) for setting in row["settings"]),
        albums=tuple((AlbumId(album), title) for album, title in row.get("albums", {}).items()),
        covers=tuple((AlbumId(album), ContentId(str(photo))) for album, photo in row.get("covers", {}).items()),
    )


def trip_to_json(trip: TripRow) -> Json:
    """A trip as each of its photos carries it."""
    return {
        "id": trip.trip_id,
        "title": trip.title,
        "start": trip.start.isoformat(),
        "end": trip.end.isoformat(),
        "why": list(trip.why),
    }


def trip_from_json(row: Json) -> TripRow:
    """A trip, from a photo's row or from the summary."""
    return TripRow(
        trip_id=row["id"],
        title=row["title"],
        start=date.fromisoformat(row["start"]),
        end=date.fromisoformat(row["end"]),
        why=tuple(row["why"]),
        place=row.get("place", ""),
        lat_deg=row.get("lat_deg"),
        lon_deg=row.get("lon_deg"),
        relative=row.get("relative", ""),
        is_day_trip=row.get("day_trip", False),
    )


def _changes_to_json(changes: RunChanges) -> Json:
    return {
        "previous_run": changes.previous_run_id,
        "previous_started": _moment(changes.previous_started_utc),
        "added": changes.added,
        "gone": changes.gone,
        "moved": [{"source": photo.source, "before": photo.before, "after": photo.after} for photo in changes.moved],
    }


def _changes_from_json(row: Json) -> RunChanges:
    return RunChanges(
        previous_run_id=row["previous_run"],
        previous_started_utc=_parse_moment(row["previous_started"]),
        added=row["added"],
        gone=row["gone"],
        moved=tuple(ChangedPhoto(**photo) for photo in row["moved"]),
    )


def outcome_to_json(outcome: ReportFooter, totals: Json) -> Json:
    """The last row of a report."""
    return {
        "type": "summary",
        "finished": _moment(outcome.finished_utc),
        "exit_code": outcome.exit_code,
        "interrupted": outcome.is_interrupted,
        "totals": totals,
        "timings": [
            {"stage": timing.stage, "seconds": round(timing.seconds, 3), "items": timing.items}
            for timing in outcome.timings
        ],
        "trips": [
            trip_to_json(trip)
            | {
                "place": trip.place,
                "lat_deg": trip.lat_deg,
                "lon_deg": trip.lon_deg,
                "relative": trip.relative,
                "day_trip": trip.is_day_trip,
            }
            for trip in outcome.trips
        ],
        "refused_dates": [
            {
                "camera": refused.camera,
                "photos": refused.photos,
                "value": refused.value,
                "example": refused.example,
                "reason": refused.reason,
                "hint": refused.hint,
            }
            for refused in outcome.refused_dates
        ],
        "changes": outcome.changes and _changes_to_json(outcome.changes),
        "by_hand": [
            {"kind": one.kind, "before": one.before, "path": one.path, "source": one.source} for one in outcome.by_hand
        ],
    }


def _hand_from_json(row: Json) -> HandRow:
    """Raises ValueError for a kind that there is not: its words would be missing."""
    if row["kind"] not in HAND_KINDS:
        raise ValueError(f"{row['kind']!r:.80} is nothing that is done by hand")
    return HandRow(row["kind"], str(row["before"]), str(row["path"]), str(row["source"]))


def outcome_from_json(row: Json) -> ReportFooter:
    """How a run ended, from the last row of its report."""
    return ReportFooter(
        finished_utc=_parse_moment(row["finished"]),
        exit_code=row["exit_code"],
        is_interrupted=row["interrupted"],
        timings=tuple(StageTiming(**timing) for timing in row["timings"]),
        trips=tuple(trip_from_json(trip) for trip in row["trips"]),
        refused_dates=tuple(RefusedDates(**refused) for refused in row["refused_dates"]),
        changes=_changes_from_json(row["changes"]) if row["changes"] else None,
        by_hand=tuple(_hand_from_json(one) for one in row.get("by_hand", ())),
    )
