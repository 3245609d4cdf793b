"""Frames shot in one go: shown together, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from album_sort.types import ContentId, FileKind, Inspection, TimePrecision, TimeSource

MAX_GAP_S = 1.0
# Two frames within a second also come from pressing twice.
MIN_FRAMES = 3

# `00001IMG_00001_BURST20200101101010123_COVER`, `IMG_20200101_101010_BURST001`, `20200101_101010_BURST01`.
_NAMED = re.compile(r"(BURST\d{14,17})|(.+_BURST)\d{1,4}(?!\d)", re.I | re.ASCII)


def find_bursts(items: Iterable[Inspection]) -> tuple[tuple[ContentId, ...], ...]:
    """Bursts among photos (pass the primaries of groups): contents in the order they were shot.

    Proof is a burst's own identifier, a burst's file name, or one camera's frames at most a second apart in one folder.
    """
    named: dict[tuple[str, str], list[Inspection]] = {}
    timed: dict[tuple[str, str], list[tuple[datetime, Inspection]]] = {}
    for item in sorted(items, key=lambda item: item.file.path):
        if item.file.kind is FileKind.VIDEO:
            continue
        mark, taken = _mark(item), _taken(item)
        if mark:
            named.setdefault((item.file.folder, mark), []).append(item)
        elif taken and item.metadata.camera:
            timed.setdefault((item.file.folder, item.metadata.camera), []).append((taken, item))
    bursts = [_in_order(frames) for frames in named.values() if len(frames) > 1]
    for rows in timed.values():
        bursts += [_in_order(run) for run in _runs(rows)]
    return tuple(sorted(burst for burst in bursts if len(set(burst)) > 1))


def _mark(item: Inspection) -> str:
    match = _NAMED.search(item.file.name)
    return item.metadata.burst_id or ((match[1] or match[2]).upper() if match else "")


def _taken(item: Inspection) -> datetime | None:
    for candidate in item.metadata.time_candidates:
        if candidate.source is TimeSource.EXIF_ORIGINAL and candidate.precision is TimePrecision.SECOND:
            return candidate.local
    return None


def _runs(rows: list[tuple[datetime, Inspection]]) -> list[list[Inspection]]:
    """Stretches of frames at most `MAX_GAP_S` apart."""
    runs: list[list[Inspection]] = []
    last: datetime | None = None
    for taken, item in sorted(rows, key=lambda row: (row[0], row[1].file.path)):
        if last is None or (taken - last).total_seconds() > MAX_GAP_S:
            runs.append([])
        runs[-1].append(item)
        last = taken
    return [run for run in runs if len(run) >= MIN_FRAMES]


def _in_order(frames: list[Inspection]) -> tuple[ContentId, ...]:
    frames = sorted(frames, key=lambda item: (_taken(item) or datetime.max, item.file.path))  # noqa: DTZ901
    return tuple(dict.fromkeys(item.content_id for item in frames))
