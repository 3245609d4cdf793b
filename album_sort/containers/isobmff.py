"""Boxes of the ISO base media format (HEIC, AVIF, JPEG XL, CR3, MOV, MP4), within bounds whatever their sizes claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from album_sort.containers.source import Source

MAX_BOXES = 4096
"""Of one level. A real file has a few hundred; hostile ones have millions of empty ones."""
FULL_BOX_BYTES = 4
"""Version and flags, in front of the fields of many boxes."""


class MalformedError(ValueError):
    """A box that reaches outside the box it is in, or a table that ends early."""


class Box(NamedTuple):
    """One box; its payload is `source[start:end]`."""

    kind: bytes
    at: int
    """Offset of its size."""
    start: int
    end: int
    """Within the source and within what the box lies in."""
    said_end: int
    """As its size says: in a cut file behind the end."""

    @property
    def is_whole(self) -> bool:
        """Whether what it lies in has all of it."""
        return self.end == self.said_end


def boxes(source: Source, start: int = 0, end: int | None = None, *, is_strict: bool = False) -> Iterator[Box]:
    """The boxes between two offsets, the last cut where those end before it does.

    Stops at the first that makes no sense, and behind MAX_BOXES; with `is_strict` it raises MalformedError there.
    """
    limit = len(source) if end is None else min(end, len(source))
    at = start
    for _ in range(MAX_BOXES):
        if at + 8 > limit:
            return
        head = source[at : at + 16]
        size, body = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, body = int.from_bytes(head[8:], "big"), at + 16
        elif size == 0:  # to the end
            size = limit - at
        if at + size < body or body > limit:
            break
        after = at + size
        yield Box(head[4:8], at, body, after if after < limit else limit, after)
        at = after
    if is_strict:
        raise MalformedError


def whole_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets; raises MalformedError at the first that makes no sense or reaches behind the end."""
    for box in boxes(data, start, end, is_strict=True):
        if not box.is_whole:
            raise MalformedError
        yield box


def first(source: Source, kind: bytes) -> Box | None:
    """The first box of a kind at the top of the file."""
    return next((box for box in boxes(source) if box.kind == kind), None)


def child(source: Source, parent: Box, kind: bytes, skip: int = 0) -> Box | None:
    """The first box of a kind inside another; `skip` bytes of the parent's payload are its own fields."""
    return next((box for box in boxes(source, parent.start + skip, parent.end) if box.kind == kind), None)


def number(data: bytes, at: int, size: int, end: int) -> int:
    """A whole number of `size` bytes; raises MalformedError where it reaches behind the end."""
    if at + size > min(end, len(data)):
        raise MalformedError
    return int.from_bytes(data[at : at + size], "big")


def is_complete(data: bytes) -> bool:
    """Whether the outermost boxes make sense and end within the file."""
    try:
        return all(box.is_whole for box in boxes(data, is_strict=True))
    except MalformedError:
        return False


def missing_bytes(data: bytes) -> int:
    """How many bytes the outermost boxes say that the file lacks at its end; 0 where that is unknown."""
    try:
        return max(0, *(box.said_end - len(data) for box in boxes(data, is_strict=True)), 0)
    except MalformedError:
        return 0


def missing_share(data: bytes) -> float:
    """Of the largest of the outermost boxes, which holds the pixels, the share that is missing; 0 where that is unknown."""
    try:
        outer = list(boxes(data, is_strict=True))
    except MalformedError:
        return 0.0
    largest = max(outer, key=lambda box: box.said_end - box.start, default=None)
    if largest is None or largest.is_whole:
        return 0.0
    return min(1.0, (largest.said_end - len(data)) / (largest.said_end - largest.start))
