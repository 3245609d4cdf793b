"""Rows of photos and of what was left out as JSON objects and back, in the shape of docs/reference/report-schema.json. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from album_sort.core.bounded import finite, whole
from album_sort.core.dates.offsets import offset_text
from album_sort.core.reason_json import reason_from_json
from album_sort.report.run_rows import Json, trip_from_json, trip_to_json
from album_sort.types import (
    AlbumId,
    ClassIndex,
    ContentId,
    PhotoRow,
    PlaceRow,
    RowAction,
    SkippedRow,
    Stage,
    TakenRow,
    TopClass,
    inner_path,
    inner_path_or_none,
    preview_path,
)

_SHARE_DIGITS = 3
_MOST_BYTES = 1 << 49
_MOST_PX = 1 << 24
_PROBABILITY_DIGITS = 4
"""Finer than any threshold, and a third of the bytes of a full float."""


def format_offset(minutes: int | None) -> str | None:
    """`+09:00` from 540; None where the offset is unknown."""
    return None if minutes is None else offset_text(minutes)


def _parse_offset(text: str | None) -> int | None:
    if text is None:
        return None
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _taken_to_json(taken: TakenRow) -> Json:
    return {
        "local": taken.local.isoformat(),
        "offset": format_offset(taken.utc_offset_minutes),
        "source": taken.source,
        "precision": taken.precision,
        "why": list(taken.why),
    }


def _taken_from_json(row: Json) -> TakenRow:
    local = datetime.fromisoformat(row["local"])
    return TakenRow(local, _parse_offset(row["offset"]), row["source"], row["precision"], tuple(row.get("why", ())))


def photo_to_json(photo: PhotoRow) -> Json:
    """The row of one photo; what is said of few (`similar_to`, `damaged`, `preview` ...) is present only where it says something."""
    place = photo.place
    row: Json = {
        "type": "photo",
        "source": photo.source,
        "album": photo.album,
        "title": photo.title,
        "path": photo.path,
        "also": list(photo.also),
        "action": str(photo.action),
        "why": list(photo.why),
        "top": [
            {"index": top.index, "label": top.label, "probability": round(top.probability, _PROBABILITY_DIGITS)}
            for top in photo.top
        ],
        "scores": {album: round(probability, _PROBABILITY_DIGITS) for album, probability in photo.scores},
        "taken": photo.taken and _taken_to_json(photo.taken),
        "place": place
        and {
            "name": place.name,
            "country": place.country,
            "country_code": place.country_code,
            "distance_km": round(place.distance_km, 1),
            "source": place.source,
        }
        | _town(place),
        "trip": photo.trip and trip_to_json(photo.trip),
        "group": list(photo.group),
        "sha256": photo.sha256,
    }
    if photo.similar_to is not None:
        row["similar_to"] = photo.similar_to
    if photo.by_hand:
        row["by_hand"] = photo.by_hand
    row["in_run"] = photo.in_run
    return row | _said_of_few(photo)


def _said_of_few(photo: PhotoRow) -> Json:
    row: Json = {}
    if photo.size_bytes is not None:
        row["size_bytes"] = photo.size_bytes
    if photo.duplicate_of:
        row |= {"duplicate_of": photo.duplicate_of, "freed_bytes": photo.freed_bytes}
    if photo.damaged_share is not None:
        row |= {"damaged": True, "damaged_share": round(photo.damaged_share, _SHARE_DIGITS)}
    if photo.camera:
        row["camera"] = photo.camera
    if photo.size_px is not None:
        row["size_px"] = list(photo.size_px)
    if photo.people:
        row["people"] = list(photo.people)
    if photo.preview:
        row["preview"] = photo.preview
    return row


def _town(place: PlaceRow) -> Json:
    return {} if place.lat_deg is None else {"lat_deg": place.lat_deg, "lon_deg": place.lon_deg}


def _size_from_json(size: object) -> tuple[int, int] | None:
    if not isinstance(size, list) or len(size) != 2:
        return None
    width, height = (whole(side, 1, _MOST_PX) for side in size)
    return None if width is None or height is None else (width, height)


def photo_from_json(row: Json) -> PhotoRow:
    """A photo from its row."""
    return PhotoRow(
        source=row["source"],
        album=AlbumId(row["album"]),
        title=row["title"],
        path=inner_path_or_none(row["path"]),
        action=RowAction(row["action"]),
        sha256=ContentId(row["sha256"]),
        why=tuple(row["why"]),
        top=tuple(TopClass(ClassIndex(top["index"]), top["label"], top["probability"]) for top in row["top"]),
        scores=tuple((AlbumId(album), probability) for album, probability in row["scores"].items()),
        taken=_taken_from_json(row["taken"]) if row["taken"] else None,
        place=PlaceRow(**row["place"]) if row["place"] else None,
        trip=trip_from_json(row["trip"]) if row["trip"] else None,
        also=tuple(inner_path(path) for path in row["also"]),
        group=tuple(row["group"]),
        similar_to=cast("ContentId | None", row.get("similar_to")),
        in_run=row.get("in_run", True) is True,
        by_hand="moved" if row.get("by_hand") == "moved" else "",
        size_bytes=whole(row.get("size_bytes"), 0, _MOST_BYTES),
        duplicate_of=str(row.get("duplicate_of", "")),
        freed_bytes=whole(row.get("freed_bytes"), 0, _MOST_BYTES) or 0,
        damaged_share=finite(row.get("damaged_share"), 0, 1),
        camera=str(row.get("camera", "")),
        size_px=_size_from_json(row.get("size_px")),
        people=tuple(str(name) for name in row.get("people", ())),
        preview=preview_path(row.get("preview", "")),
    )


def skipped_to_json(skipped: SkippedRow) -> Json:
    """The row of a file that was left out; `code` and `values` are present only where the reason has a code."""
    row: Json = {
        "type": "skipped",
        "source": skipped.source,
        "stage": str(skipped.stage),
        "reason": skipped.reason,
        "problem": skipped.is_problem,
        "in_run": skipped.in_run,
    }
    if skipped.coded is not None:
        row |= {"code": skipped.coded.code, "values": dict(skipped.coded.values)}
    return row


def skipped_from_json(row: Json) -> SkippedRow:
    """A file that was left out, from its row."""
    coded = reason_from_json({"code": row["code"], **row["values"]}) if "code" in row else None
    return SkippedRow(
        row["source"], Stage(row["stage"]), row["reason"], row["problem"], coded, row.get("in_run", True) is True
    )
