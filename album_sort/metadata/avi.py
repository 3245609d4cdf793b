"""AVI: the date of the camera, from the places where twenty years of cameras put it."""

from __future__ import annotations

import struct
from itertools import islice
from typing import BinaryIO

from album_sort.containers.riff import Chunk, chunks
from album_sort.containers.source import FileSource, Source
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.exif import read_exif
from album_sort.metadata.merging import merge_metadata
from album_sort.metadata.nikon import nikon_date
from album_sort.metadata.tags import clean
from album_sort.metadata.xmp import read_xmp
from album_sort.types import Metadata, TimeCandidate, TimeSource

MAX_CHUNKS = 1024
MAX_LIST_BYTES = 1 << 20
"""Of a list of headers; those of films are never skipped, but read as far as this."""
MAX_STEPS = 1 << 15
"""Chunks of one list and of all lists in it."""
MAX_TEXT_BYTES = 256
MAX_SECONDS = 10**7

_DATES = {b"IDIT": "AVI IDIT", b"ICRD": "AVI ICRD", b"ecor": "AVI EXIF"}
_HEADERS = (b"hdrl", b"INFO", b"strl", b"exif", b"ncdt")
_TEXTS = {b"INAM": "title", b"ISBJ": "subject", b"ICMT": "comment", b"ISFT": "software"}


def read_avi(stream: BinaryIO) -> Metadata:
    """What an AVI's headers say: their lists are read, its frames are hopped over."""
    found = _Found()
    source = FileSource(stream)
    for chunk in islice(chunks(source), MAX_CHUNKS):
        if _is_header_list(source, chunk):
            found.read_list(source[chunk.start + 4 : min(chunk.end, chunk.start + 4 + MAX_LIST_BYTES)])
        elif chunk.kind in _DATES or chunk.kind == b"_PMX":
            found.read_chunk(chunk.kind, source[chunk.start : min(chunk.end, chunk.start + MAX_LIST_BYTES)])
    return found.metadata()


def _is_header_list(source: Source, chunk: Chunk) -> bool:
    return chunk.kind == b"LIST" and source[chunk.start : min(chunk.end, chunk.start + 4)] in _HEADERS


class _Found:
    """What has been found so far."""

    def __init__(self) -> None:
        self.times: list[TimeCandidate] = []
        self.texts: dict[str, str] = {}
        self.parts: list[Metadata] = []
        self.width_px: int | None = None
        self.height_px: int | None = None
        self.duration_s: float | None = None

    def read_list(self, body: bytes) -> None:
        """Chunks of a list and of the lists in it."""
        # By a stack of our own, because lists may be nested as deep as somebody likes.
        stack = [(0, len(body))]
        steps = 0
        while stack:
            for chunk in chunks(body, *stack.pop()):
                steps += 1
                if steps > MAX_STEPS:
                    return
                if _is_header_list(body, chunk):
                    stack.append((chunk.start + 4, chunk.end))
                else:
                    self.read_chunk(chunk.kind, body[chunk.start : chunk.end])

    def read_chunk(self, kind: bytes, body: bytes) -> None:
        """One chunk that may say something."""
        if kind in _DATES:
            moment = parse_moment(body[:MAX_TEXT_BYTES].decode("latin-1"))
            if moment is not None:
                self.times.append(local_candidate(TimeSource.FILM, moment, _DATES[kind]))
        elif kind in _TEXTS:
            self.texts.setdefault(_TEXTS[kind], clean(body[:MAX_TEXT_BYTES].decode("utf-8", "replace")))
        elif kind == b"avih" and len(body) >= 40:
            self._read_header(body)
        elif kind == b"strd" and len(self.parts) < 4:
            self._read_stream_data(body)
        elif kind == b"nctg" and (date := nikon_date(body, "<")) and (moment := parse_moment(date)):
            self.times.append(local_candidate(TimeSource.FILM, moment, "Nikon DateTimeOriginal"))
        elif kind == b"_PMX" and len(self.parts) < 4:
            self.parts.append(read_xmp(body))

    def _read_header(self, body: bytes) -> None:
        frame_us, frames, width, height = (struct.unpack_from("<I", body, offset)[0] for offset in (0, 16, 32, 36))
        seconds = frame_us * frames / 1e6
        self.duration_s = seconds if 0 < seconds < MAX_SECONDS else None
        self.width_px, self.height_px = width or None, height or None

    def _read_stream_data(self, body: bytes) -> None:
        """Canon's and Casio's `strd`: `AVIF`, four bytes, then EXIF as in a TIFF."""
        if body.startswith(b"AVIF"):
            part = read_exif(body[8:])
            self.parts.append(part)

    def metadata(self) -> Metadata:
        """All of it together; EXIF, where there is some, first."""
        words = dict.fromkeys(filter(None, (self.texts.get(name, "") for name in ("title", "subject", "comment"))))
        own = Metadata(
            time_candidates=tuple(self.times),
            width_px=self.width_px,
            height_px=self.height_px,
            software=self.texts.get("software", ""),
            description=" · ".join(words),
            duration_s=self.duration_s,
        )
        return merge_metadata(own, *self.parts)
