"""What a file says about itself, whatever kind of file it is: the readers of this package, chosen by content."""

from __future__ import annotations

import codecs
import os
import re

from album_sort.core.formats import holds_exif
from album_sort.metadata.blocks import embedded
from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.exif import read_exif, read_exif_blocks
from album_sort.metadata.iptc import read_iptc
from album_sort.metadata.merging import merge_metadata
from album_sort.metadata.takeout import read_takeout
from album_sort.metadata.video import read_video
from album_sort.metadata.xmp import MAX_BYTES, read_xmp
from album_sort.reading import open_regular, read_head
from album_sort.types import Metadata, TimeSource

_ENCODING = re.compile(r"""(?<=xml)(\s[^<>?]*?)encoding\s?=\s?["'][\w\-]{1,20}["']""")
_DECLARATION = 200
"""What an XML declaration says of the encoding it is in stands within so many characters."""


def read_metadata(data: bytes, media_format: str) -> Metadata:
    """What a still says of itself (EXIF, XMP, IPTC, texts), from the bytes of the whole file and its format by content."""
    held = embedded(data)
    exif = read_exif_blocks(held.exif) if holds_exif(media_format) else Metadata()
    if not (held.xmp or held.iptc or held.times):
        return exif
    times = tuple(
        local_candidate(TimeSource.TEXT, moment, note)
        for note, text in held.times
        if (moment := parse_moment(text)) is not None
    )
    return merge_metadata(exif, *map(read_xmp, held.xmp), *map(read_iptc, held.iptc), Metadata(time_candidates=times))


def read_video_metadata(path: str) -> Metadata:
    """What a film says of itself (MOV, MP4, AVI, Matroska, AVCHD); reads a few kilobytes, at most 8 MB."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            return read_video(stream)
    except OSError as error:
        return Metadata(warnings=(f"video cannot be read: {error.strerror or error}",))


def read_sidecar(path: str) -> Metadata:
    """What an XMP, a Takeout JSON or a film's thumbnail (`.thm`, a JPEG) says, told apart by content; edits say nothing."""
    try:
        data = read_head(path, MAX_BYTES + 1)
    except OSError as error:
        return Metadata(warnings=(f"sidecar cannot be read: {error.strerror or error}",))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # XMP and JSON may be written so, and editors on Windows do.
        written = data.decode("utf-16", "replace")
        data = (_ENCODING.sub(r"\1", written[:_DECLARATION]) + written[_DECLARATION:]).encode()
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"\xff\xd8"):
        return _of_the_film(read_exif(data))
    if start.startswith(b"{"):
        return read_takeout(data)
    if start.startswith(b"<") and (b"xmpmeta" in data or b"rdf:RDF" in data):
        return read_xmp(data, is_sidecar=True)
    if path.lower().endswith((".xmp", ".json")):
        return Metadata(warnings=("sidecar is neither XMP nor Takeout JSON",))
    return Metadata()


def _of_the_film(thumbnail: Metadata) -> Metadata:
    """What a thumbnail beside a film says of the film: not its own size, turn or exposure."""
    return Metadata(
        time_candidates=thumbnail.time_candidates,
        positions=thumbnail.positions,
        camera_make=thumbnail.camera_make,
        camera_model=thumbnail.camera_model,
        description=thumbnail.description,
    )
