"""Rows of the inference cache as values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from album_sort.core.checked import NONSENSE
from album_sort.state import codec
from album_sort.types import ContentId, FileEntry, Inspection, PixelSource, Reason, Skipped, Stage
from album_sort.types.quickly import quickly_made

THIS_MODEL = "(SELECT model FROM models WHERE model_key = ?)"

COLUMNS = "c.content_id, c.media_format, c.metadata, c.pixel_source, c.statistics, c.stage, c.reason, p.top"

ITS_PREDICTION = f"LEFT JOIN predictions p ON p.content = c.content AND p.model = {THIS_MODEL}"


@quickly_made
@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the cache knows of a file: an inspection, or why it could not be processed."""

    inspection: Inspection | None
    skipped: Skipped | None


def known_of(
    file: FileEntry, row: Sequence[Any], readings: bytes, model_key: str, *, by_any_network: bool = False
) -> KnownFile | None:
    """A row of `COLUMNS`, and what a head has read, as a value; None for a damaged one, which is read again from the photo."""
    content_id, media_format, metadata, pixel_source, statistics, stage, reason, top = row
    try:
        if stage is not None:
            return KnownFile(None, Skipped(file.path, Stage(stage), _of_this_name(codec.unpack_reason(reason), file)))
        if pixel_source is not None and top is None and not by_any_network:
            return None  # read, but not yet by this network
        inspection = Inspection(
            file,
            ContentId(content_id.hex()),
            sys.intern(media_format),
            codec.unpack_metadata(metadata),
            PixelSource(pixel_source) if pixel_source is not None else None,
            codec.unpack_statistics(statistics) if statistics else None,
            codec.unpack_prediction(model_key, top, readings) if top is not None and pixel_source is not None else None,
        )
    except NONSENSE:
        return None
    return KnownFile(inspection, None)


def _of_this_name(reason: Reason, file: FileEntry) -> Reason:
    """What is wrong with a content is remembered once; its copies may promise something else by their names."""
    values = dict(reason.values)
    return Reason.of(reason.code, **{**values, "suffix": file.suffix}) if "suffix" in values else reason


def path_to_column(path: str) -> str | bytes:
    """Paths with undecodable bytes are stored as bytes: SQLite's text must be valid."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape")
    return path
