"""Cached values as bytes: JSON for metadata, packed numbers for predictions. No pickle: a cache must not be able to run code.

Every `unpack_*` raises ValueError, TypeError or KeyError for bytes that are not of its `pack_*`.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from dataclasses import MISSING, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core.reason_json import reason_from_json, reason_to_json
from album_sort.types import (
    CLOSER_VIEWS,
    EMBEDDING_SIZE,
    GeoPosition,
    ImageStatistics,
    Metadata,
    PositionSource,
    Prediction,
    Reason,
    TimeCandidate,
    TimePrecision,
    TimeSource,
)

_DEFAULTS = {field.name: field.default for field in fields(Metadata) if field.default is not MISSING}
_TUPLES_OF_TEXT = ("people", "keywords", "warnings")
_SAME_FOR_MANY = ("camera_make", "camera_model", "lens_model", "software")
"""Kept once in memory, however many photos say it."""

_FEW_NUMBERS = (
    "width_px",
    "height_px",
    "iso",
    "exposure_s",
    "f_number",
    "focal_length_mm",
    "focal_length_35mm",
)
"""Numbers of which a camera knows few: a quarter of a gigabyte of a million photos, were each kept with each photo."""

# Calling an enumeration takes four times as long as a dictionary, and each photo has eight of its words.
_TIME_SOURCES = {source.value: source for source in TimeSource}
_TIME_PRECISIONS = {precision.value: precision for precision in TimePrecision}


# What most metadata have in common: with it the JSON of a photo takes a third of the bytes. It is part of the format.
_DICTIONARY = (
    b'"burst_id":"content_identifier":"description":"focal_length_35mm":"is_edited":true"is_motion_photo":true"keywords":'
    b'"lens_model":"people":"rating":"subject_distance_m":"user_comment":"warnings":["duration_s":"XMP""GPS""QuickTime"'
    b'"QuickTime CreationDate""EXIF GPSDateStamp""minute""day""file name"'
    b'"positions":[["EXIF GPS",null]],"camera_make":"NIKON CORPORATION""SONY""samsung""Google","camera_model":"Pixel '
    b'"Canon","camera_model":"Canon EOS "Canon PowerShot "Apple","camera_model":"iPhone ","software":"'
    b'"iso":100,"exposure_s":0.0,"f_number":2.,"focal_length_mm":4.,"flash_fired":false}'
    b'{"time_candidates":[["EXIF DateTimeOriginal","20","2","second","EXIF DateTimeOriginal"],'
    b'["EXIF DateTimeDigitized","201-1-0T1:00:00",null,null,"second","EXIF DateTimeDigitized"],'
    b'["EXIF DateTime","201-1-0T1:00:00",null,null,"second","EXIF DateTime"]],"orientation":6,"width_px":4032,"height_px":3024,'
)
_MOST_METADATA_BYTES = 1 << 24

_JSON = json.JSONDecoder()
"""Ours is ASCII without spaces around it: what `json.loads` asks first takes as long as the reading."""

_HALF_STEP, _STEPS = np.uint16(0x0008), np.uint16(0xFFF0)


def pack_metadata(metadata: Metadata) -> bytes:
    """JSON of what is not a default, compressed."""
    packed: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(metadata, name)
        if value != default:
            packed[name] = value
    if metadata.time_candidates:
        packed["time_candidates"] = [_pack_time(candidate) for candidate in metadata.time_candidates]
    if metadata.positions:
        packed["positions"] = [_pack_position(position) for position in metadata.positions]
    compressor = zlib.compressobj(zdict=_DICTIONARY)
    return compressor.compress(json.dumps(packed, separators=(",", ":")).encode()) + compressor.flush()


def unpack_metadata(packed: bytes) -> Metadata:
    """The inverse of `pack_metadata`."""
    text = _decompress(packed, _DICTIONARY).decode()
    values, end = _JSON.raw_decode(text)
    if end != len(text):
        raise ValueError("damaged: more than one value")
    if "time_candidates" in values:
        values["time_candidates"] = tuple(_unpack_time(row) for row in values["time_candidates"])
    if "positions" in values:
        values["positions"] = tuple(_unpack_position(row) for row in values["positions"])
    for name in _TUPLES_OF_TEXT:
        if name in values:
            values[name] = tuple(values[name])
    for name in _SAME_FOR_MANY:
        if name in values:
            values[name] = sys.intern(values[name])
    for name in _FEW_NUMBERS:
        if name in values:
            values[name] = _shared(values[name])
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
    return TimeCandidate(
        _TIME_SOURCES[source], _datetime(local), _datetime(utc), offset, _TIME_PRECISIONS[precision], sys.intern(note)
    )


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


@lru_cache(maxsize=4096, typed=True)
def _shared(number: object) -> object:
    """The first that was equal to it."""
    return number


@lru_cache(maxsize=16)  # the times of a photo are mostly one time, told three times
def _datetime(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def pack_statistics(statistics: ImageStatistics) -> bytes:
    """Float32 numbers in field order."""
    return struct.pack(f"<{len(statistics)}f", *statistics)


def unpack_statistics(packed: bytes) -> ImageStatistics:
    """The inverse of `pack_statistics`, to float32's precision."""
    return ImageStatistics.from_float32(packed)


def pack_prediction(prediction: Prediction) -> bytes:
    """Class indices as uint16, then their probabilities as float16."""
    indices = prediction.class_indices.astype("<u2").tobytes()
    return indices + prediction.probabilities.astype("<f2").tobytes()


def unpack_prediction(model_key: str, packed: bytes, readings: bytes = b"") -> Prediction:
    """The inverse of `pack_prediction`, to float16's precision, with what a head has read in it."""
    return Prediction.from_float16(model_key, packed, readings)


def pack_embedding(embedding: NDArray[np.float16]) -> bytes:
    """Float16 numbers rounded to seven significant bits, compressed: 430 bytes of an int8 network's features, 780 of others'.

    An error of 1/128 in each number, up or down, moves the angle between two embeddings by less than a thousandth.
    """
    bits = embedding.astype("<f2").view("<u2")
    rounded = np.where(np.isfinite(embedding), (bits + _HALF_STEP) & _STEPS, bits).astype("<u2")
    return zlib.compress(rounded.tobytes(), level=9)


def unpack_embedding(packed: bytes) -> NDArray[np.float16]:
    """The inverse of `pack_embedding`, to its precision: (512,)."""
    embedding = np.frombuffer(_decompress(packed), "<f2")
    if len(embedding) != EMBEDDING_SIZE:
        raise ValueError(f"an embedding of {len(embedding)} numbers")
    return embedding


def pack_closer(parts: NDArray[np.float16]) -> bytes:
    """The same for what was seen of the parts of a picture (CLOSER_VIEWS, 512)."""
    return pack_embedding(parts.ravel())


def unpack_closer(packed: bytes) -> NDArray[np.float16]:
    """The inverse of `pack_closer`, to its precision."""
    parts = np.frombuffer(_decompress(packed), "<f2")
    if len(parts) != CLOSER_VIEWS * EMBEDDING_SIZE:
        raise ValueError(f"a closer look of {len(parts)} numbers")
    return parts.reshape(CLOSER_VIEWS, EMBEDDING_SIZE)


def pack_reason(reason: Reason) -> str:
    """JSON of its code and values, ASCII."""
    return json.dumps(reason_to_json(reason))


def unpack_reason(packed: str) -> Reason:
    """The inverse of `pack_reason`; sentences, as caches of before there were codes hold them, are none."""
    return reason_from_json(json.loads(packed))


def _decompress(packed: bytes, dictionary: bytes = b"") -> bytes:
    decompressor = zlib.decompressobj(zdict=dictionary)
    try:
        data = decompressor.decompress(packed, _MOST_METADATA_BYTES)
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from error
    if not decompressor.eof:
        raise ValueError("damaged: cut short")
    return data
