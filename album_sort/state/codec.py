"""Cached values as bytes: JSON for metadata, packed numbers for predictions. No pickle: a cache must not be able to run code."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.types import (
    GeoPosition,
    ImageStatistics,
    Metadata,
    PositionSource,
    Prediction,
    TimeCandidate,
    TimePrecision,
    TimeSource,
)

_DEFAULTS = {field.name: field.default for field in fields(Metadata) if field.default is not MISSING}
_TUPLES_OF_TEXT = ("people", "keywords", "warnings")


def pack_metadata(metadata: Metadata) -> str:
    """Compact JSON of what is not a default."""
    packed: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(metadata, name)
        if value != default:
            packed[name] = value
    if metadata.time_candidates:
        packed["time_candidates"] = [_pack_time(candidate) for candidate in metadata.time_candidates]
    if metadata.positions:
        packed["positions"] = [_pack_position(position) for position in metadata.positions]
    return json.dumps(packed, separators=(",", ":"))


def unpack_metadata(text: str) -> Metadata:
    """The inverse of `pack_metadata`; raises ValueError, TypeError or KeyError on anything else."""
    values: dict[str, Any] = json.loads(text)
    if "time_candidates" in values:
        values["time_candidates"] = tuple(_unpack_time(row) for row in values["time_candidates"])
    if "positions" in values:
        values["positions"] = tuple(_unpack_position(row) for row in values["positions"])
    for name in _TUPLES_OF_TEXT:
        if name in values:
            values[name] = tuple(values[name])
    return Metadata(**values)


def _pack_time(candidate: TimeCandidate) -> list[Any]:
    return [
        candidate.source,
        candidate.local and candidate.local.isoformat(),
        candidate.utc and candidate.utc.isoformat(),
        candidate.utc_offset_minutes,
        candidate.precision,
        candidate.note,
    ]


def _unpack_time(row: list[Any]) -> TimeCandidate:
    source, local, utc, offset, precision, note = row
    return TimeCandidate(TimeSource(source), _datetime(local), _datetime(utc), offset, TimePrecision(precision), note)


def _pack_position(position: GeoPosition) -> list[Any]:
    return [
        position.lat_deg,
        position.lon_deg,
        position.source,
        position.altitude_m,
        position.fix_utc and position.fix_utc.isoformat(),
        position.speed_kmh,
    ]


def _unpack_position(row: list[Any]) -> GeoPosition:
    lat_deg, lon_deg, source, altitude_m, fix_utc, speed_kmh = row
    return GeoPosition(lat_deg, lon_deg, PositionSource(source), altitude_m, _datetime(fix_utc), speed_kmh)


def _datetime(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def pack_statistics(statistics: ImageStatistics) -> bytes:
    """Float32 numbers in field order."""
    return np.asarray(statistics.to_numbers(), "<f4").tobytes()


def unpack_statistics(packed: bytes) -> ImageStatistics:
    """The inverse of `pack_statistics`; raises ValueError when the count does not fit."""
    return ImageStatistics.from_numbers(np.frombuffer(packed, "<f4").tolist())


def pack_prediction(prediction: Prediction) -> tuple[bytes, bytes]:
    """(class indices as uint16, probabilities as float16)."""
    return prediction.class_indices.astype("<u2").tobytes(), prediction.probabilities.astype("<f2").tobytes()


def unpack_prediction(model_key: str, indices: bytes, probabilities: bytes) -> Prediction:
    """The inverse of `pack_prediction`, to float16's precision."""
    values: NDArray[np.float32] = np.frombuffer(probabilities, "<f2").astype(np.float32)
    return Prediction(model_key, np.frombuffer(indices, "<u2"), values)
