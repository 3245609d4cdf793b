"""Readers of what files say about themselves: they collect candidates and never decide, never raise."""

from __future__ import annotations

import os
from dataclasses import fields, replace

from album_sort.metadata.blocks import xmp_packet
from album_sort.metadata.exif import read_exif
from album_sort.metadata.filename import candidates_from_folder, candidates_from_name
from album_sort.metadata.quicktime import read_quicktime
from album_sort.metadata.takeout import read_takeout
from album_sort.metadata.xmp import MAX_BYTES, read_xmp
from album_sort.reading import open_regular, read_head
from album_sort.types import Metadata

__all__ = [
    "candidates_from_folder",
    "candidates_from_name",
    "merge_metadata",
    "read_metadata",
    "read_sidecar",
    "read_video_metadata",
]


# These formats have no place for EXIF; whatever looks like it in their pixels is chance.
_WITHOUT_EXIF = ("gif", "bmp")


def read_metadata(data: bytes, media_format: str) -> Metadata:
    """EXIF and embedded XMP of a still, from the bytes of the whole file and its format by content."""
    exif = Metadata() if media_format in _WITHOUT_EXIF else read_exif(data)
    packet = xmp_packet(data)
    return exif if packet is None else merge_metadata(exif, read_xmp(packet))


def read_video_metadata(path: str) -> Metadata:
    """What a MOV or MP4 says of itself; reads a few kilobytes, at most 8 MB."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            return read_quicktime(stream)
    except OSError as error:
        return Metadata(warnings=(f"video cannot be read: {error.strerror or error}",))


def read_sidecar(path: str) -> Metadata:
    """What an XMP or a Takeout JSON says, told apart by content; other sidecars (edits, thumbnails) say nothing."""
    try:
        data = read_head(path, MAX_BYTES + 1)
    except OSError as error:
        return Metadata(warnings=(f"sidecar cannot be read: {error.strerror or error}",))
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return read_takeout(data)
    if start.startswith(b"<") and (b"xmpmeta" in data or b"rdf:RDF" in data):
        return read_xmp(data)
    if path.lower().endswith((".xmp", ".json")):
        return Metadata(warnings=("sidecar is neither XMP nor Takeout JSON",))
    return Metadata()


# Lists are joined, the rest is taken from the first that says something.
_JOINED = ("time_candidates", "positions", "people", "keywords", "warnings")
_EMPTY = Metadata()


def merge_metadata(*parts: Metadata) -> Metadata:
    """One metadata of several, the first wins in each field; candidates of all are kept, in the order of the parts."""
    if not parts:
        return _EMPTY
    changes: dict[str, object] = {}
    for field in fields(Metadata):
        values = [getattr(part, field.name) for part in parts]
        if field.name in _JOINED:
            changes[field.name] = tuple(dict.fromkeys(value for held in values for value in held))
        else:
            unsaid = getattr(_EMPTY, field.name)
            changes[field.name] = next((value for value in values if value != unsaid), unsaid)
    return replace(parts[0], **changes)  # type: ignore[arg-type]  # each value comes from the same field
