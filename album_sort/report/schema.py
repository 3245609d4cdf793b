"""The JSON schema of a report, made from the types that its rows are made of: docs/reference/report-schema.json.

    python -m album_sort.report.schema > docs/reference/report-schema.json

A row of the file has the fields of its value, but for those that `_Shape` names: other words, what stands there in another form, and
what is there only where it says something. `tests/test_report_schema.py` holds the file to it, and rows of all kinds to the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from album_sort.types import (
    REPORT_SCHEMA_VERSION,
    ChangedPhoto,
    HandRow,
    ModelRow,
    PhotoRow,
    PlaceRow,
    RefusedDates,
    ReportFooter,
    ReportHeader,
    RunChanges,
    SettingRow,
    SkippedRow,
    StageTiming,
    TakenRow,
    TopClass,
    TripRow,
)
from album_sort.types.inner_paths import PREVIEW_PATTERN
from album_sort.types.report import HAND_KINDS

Schema = dict[str, Any]

_DAY: Schema = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}
_UTC: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "description": "UTC"}
_WALL_TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$"}
_OFFSET: Schema = {"type": ["string", "null"], "pattern": r"^[+-]\d\d:\d\d$"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}
_IN_RUN = "False for a photo in the albums that this run has not dealt with: its row is that of an earlier report."


@dataclass(frozen=True)
class _Shape:
    """What a row of the file has of a value."""

    value: type
    kind: str = ""
    """The row's `type`; empty for a part of a row."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Fields that have another name in the file; an empty one: not there."""
    forms: Mapping[str, Schema] = field(default_factory=dict)
    """What the type alone does not say: more on it, or (with a `type`) what is written in its place, or what no field is."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Descriptions, by name in the file."""
    optional: tuple[str, ...] = ()
    """Written only where they say something, or missing in older reports."""
    about: str = ""


_TRIP = _Shape(
    TripRow,
    renamed={"trip_id": "id", "is_day_trip": "day_trip"},
    forms={"lat_deg": {"minimum": -90, "maximum": 90}, "lon_deg": {"minimum": -180, "maximum": 180}},
    texts={
        "id": "Stable from run to run.",
        "title": "As in the folder's name, before it is made fit for one.",
        "start": "First local day.",
        "end": "Last local day.",
        "why": "Reasons of its boundaries and its theme.",
        "lat_deg": "Of its town.",
        "relative": "`last winter in Japan`, seen from the day of the report.",
    },
)
_TRIP_OF_A_PHOTO = replace(
    _TRIP,
    renamed={"trip_id": "id", **dict.fromkeys(("place", "lat_deg", "lon_deg", "relative", "is_day_trip"), "")},
    forms={},
)

_PARTS = (
    _Shape(TopClass, forms={"index": {"minimum": 0, "maximum": 999}, "probability": _SHARE}),
    _Shape(
        TakenRow,
        renamed={"utc_offset_minutes": "offset"},
        forms={"local": _WALL_TIME, "offset": _OFFSET},
        texts={
            "local": "Wall time at the place.",
            "offset": "From UTC, where known.",
            "source": "Where the time comes from.",
            "precision": "second, minute, day, month or year.",
            "why": "Which date was believed, and how its offset from UTC is known, as sentences.",
        },
        optional=("why",),
    ),
    _Shape(
        PlaceRow,
        forms={
            "distance_km": {"minimum": 0},
            "lat_deg": {"type": "number", "minimum": -90, "maximum": 90},
            "lon_deg": {"type": "number", "minimum": -180, "maximum": 180},
        },
        texts={"source": "Where the position comes from.", "lat_deg": "Of the town."},
        optional=("lat_deg", "lon_deg"),
    ),
    _Shape(ModelRow, texts={"note": "Said where it is not the network asked for."}),
    _Shape(SettingRow),
    _Shape(StageTiming, forms={"seconds": {"minimum": 0}, "items": _COUNT}),
    _Shape(
        RefusedDates,
        forms={"photos": _COUNT},
        texts={"value": "As the file says it.", "hint": "What to add to the command line."},
    ),
    _Shape(ChangedPhoto),
    _Shape(
        RunChanges,
        renamed={"previous_run_id": "previous_run", "previous_started_utc": "previous_started", "elsewhere": ""},
        forms={"added": _COUNT, "gone": _COUNT},
    ),
    _Shape(
        HandRow,
        forms={"kind": {"enum": sorted(HAND_KINDS)}},
        texts={
            "kind": "`placed`: moved to another folder of its album; `renamed`: an album.",
            "before": "Where the photo lay in the albums; of an album, its title before.",
            "path": "Where it lies now, empty for one deleted; of an album, its title now.",
            "source": "Path of the photo in the library; empty for an album.",
        },
    ),
)

_RUN = _Shape(
    ReportHeader,
    "run",
    {
        "run_id": "run",
        "program_version": "program",
        "started_utc": "started",
        "is_preview": "preview",
        "program_call": "",
        "earlier": "",
    },
    {"schema_version": {"const": REPORT_SCHEMA_VERSION}, "albums": _TEXTS, "covers": _TEXTS},
    {
        "run": "Id of the run.",
        "program": "`album-sort` and its version.",
        "preview": "True where nothing was written.",
        "destination": "As given to --out.",
        "sources": "As given on the command line.",
        "language": "Of titles, labels and reasons.",
        "model": "The network; null where none was needed.",
        "settings": "Every setting with where its value came from.",
        "albums": "Title of every album that a photo can belong to, by its id; absent in older reports.",
        "covers": "SHA-256 of the photo that a person has chosen to stand for an album, by the album's id; absent where there is none.",
    },
    optional=("albums", "covers"),
    about="The first row.",
)
_PHOTO = _Shape(
    PhotoRow,
    "photo",
    forms={
        "album": {"minLength": 1},
        "top": {"maxItems": 3},
        "scores": {"type": "object", "additionalProperties": _SHARE},
        "sha256": _SHA256,
        "similar_to": _SHA256,
        "by_hand": {"enum": ["moved"]},
        "size_bytes": _COUNT,
        "freed_bytes": _COUNT,
        "damaged": {"const": True},
        "damaged_share": _SHARE,
        "size_px": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
        "preview": {"pattern": PREVIEW_PATTERN},
    },
    texts={
        "source": "Path as found.",
        "album": "Album id: pets, winter-travel ...; `review` where nobody was sure.",
        "title": "The album's title in the language of the run.",
        "path": "Inside the destination, with `/`; empty for a photo that is not filed.",
        "also": "Paths of its links in secondary albums.",
        "why": "Sentences, the most important first.",
        "top": "The most likely ImageNet classes, by index; after softmax.",
        "scores": "Calibrated probability of each album worth naming, most likely first.",
        "place": "The nearest town.",
        "group": "Files that went with it: RAW, Live Photo video, sidecars.",
        "similar_to": "Only in a series of similar shots: the SHA-256 of the one that stands for it.",
        "in_run": f"{_IN_RUN} Absent in reports of before 2026-12: true.",
        "by_hand": "Only where a person put the photo where it is: it stays there.",
        "size_bytes": "Of the source file.",
        "duplicate_of": "Only of a duplicate: the source whose file is stored in its place.",
        "freed_bytes": "Only of a duplicate: what deleting it, with the files that go with it, would free; "
        "0 for another name (a hard link) of the same file.",
        "damaged": "Only of a photo that decodes in part: its file, or one that goes with it, is damaged or cut off.",
        "damaged_share": "Only of a damaged photo: the share of the picture that is missing; "
        "0 where that cannot be measured.",
        "camera": "Make and model, where known.",
        "size_px": "Width and height of the upright picture.",
        "people": "Names that the file, or what lies beside it, tells.",
        "preview": "Only of a photo that browsers do not show, or hardly: a JPEG of it, in the destination or beside the report.",
    },
    optional=(
        "similar_to",
        "in_run",
        "by_hand",
        "size_bytes",
        "duplicate_of",
        "freed_bytes",
        "damaged",
        "damaged_share",
        *("camera", "size_px", "people", "preview"),
    ),
    about="One photo: where it came from, where it went, and why.",
)
_SKIPPED = _Shape(
    SkippedRow,
    "skipped",
    {"is_problem": "problem", "coded": ""},
    {
        "code": {"type": "string", "pattern": r"^[a-z0-9]+([.-][a-z0-9]+)*$"},
        "values": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
    },
    {
        "reason": "A sentence, in the run's language.",
        "problem": "False for what was left out on purpose.",
        "in_run": "False for a file that an earlier run has left out and this one has not looked at.",
        "code": "The same reason for programs, the same in every language: skip.no-header ...",
        "values": "What the sentence fills in. `detail` is what a library or the system says itself, in its own language.",
    },
    optional=("in_run", "code", "values"),
    about="A file or folder that was left out.",
)
_TOTALS: Schema = {
    "photos": {**_COUNT, "description": "filed + review + skipped"},
    "filed": _COUNT,
    "albums": {**_COUNT, "description": "Albums with photos, review aside."},
    "review": _COUNT,
    "duplicates": {**_COUNT, "description": "Among the filed ones: stored once."},
    "duplicate_bytes": {**_COUNT, "description": "What deleting the duplicates from the sources would free."},
    "damaged": {**_COUNT, "description": "Among the filed ones: decoded only in part."},
    "skipped": {**_COUNT, "description": "Could not be processed."},
    "left_out": {**_COUNT, "description": "On purpose; no photos."},
    "in_run": {**_COUNT, "description": "Photos that this run has dealt with."},
    "new": {**_COUNT, "description": "Photos that this run has filed."},
    "by_album": _COUNTS,
    "by_action": _COUNTS,
}
"""Counted while the rows pass (`tally.py`); no value holds them."""
_LATER_TOTALS = ("duplicate_bytes", "damaged", "in_run", "new")

_SUMMARY = _Shape(
    ReportFooter,
    "summary",
    {"finished_utc": "finished", "is_interrupted": "interrupted"},
    {
        "exit_code": _COUNT,
        "totals": {
            "type": "object",
            "properties": _TOTALS,
            "required": [name for name in _TOTALS if name not in _LATER_TOTALS],
            "additionalProperties": False,
        },
    },
    {"by_hand": "What a person did in the albums since the last run; missing in reports of before version 0.2."},
    optional=("by_hand",),
    about="The last row; missing where the run was killed.",
)
_ROWS = (_RUN, _PHOTO, _SKIPPED, _SUMMARY)


def report_schema() -> Schema:
    """The schema of one line of a report."""
    definitions = {shape.kind: _object(shape) for shape in _ROWS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"One line of album-sort's report.jsonl, schema version {REPORT_SCHEMA_VERSION}",
        "type": "object",
        "required": ["type"],
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": {**definitions, "trip": _object(_TRIP_OF_A_PHOTO)},
    }


def _object(shape: _Shape) -> Schema:
    """A row, or a part of one."""
    hints = get_type_hints(shape.value)
    named = {shape.renamed.get(one.name, one.name): hints[one.name] for one in fields(shape.value)}
    named.pop("", None)
    properties: Schema = {"type": {"const": shape.kind}} if shape.kind else {}
    for name, kind in (named | {name: None for name in shape.forms if name not in named}).items():
        form = shape.forms.get(name, {})
        known = {} if kind is None or "type" in form or "const" in form else _of_type(kind, shape)
        text = {"description": shape.texts[name]} if name in shape.texts else {}
        properties[name] = {**known, **form, **text}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in shape.optional],
        "additionalProperties": False,
        **({"description": shape.about} if shape.about else {}),
    }


_PLAIN: Mapping[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: _DAY,
    datetime: _UTC,
}


def _of_type(kind: Any, shape: _Shape) -> Schema:  # noqa: ANN401 - whatever an annotation may be
    """What a field of this type is in JSON."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(word) for word in kind]}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _of_type(get_args(kind)[0], shape)}
    if isinstance(kind, UnionType):
        (only,) = (one for one in get_args(kind) if one is not NoneType)
        inner = _of_type(only, shape)
        return {"type": [inner["type"], "null"]} if only in _PLAIN else {"oneOf": [{"type": "null"}, inner]}
    if kind is TripRow:
        return {"$ref": "#/$defs/trip"} if shape.kind == "photo" else _object(_TRIP)
    return _object(next(part for part in _PARTS if part.value is kind))


def schema_text() -> str:
    """docs/reference/report-schema.json."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")  # noqa: T201 - the page for the docs
