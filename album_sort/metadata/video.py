"""Films: each container has its reader, told apart by content; all of them read a bounded part of the file."""

from __future__ import annotations

from typing import BinaryIO

from album_sort.containers.riff import is_avi
from album_sort.metadata.avi import read_avi
from album_sort.metadata.matroska import read_matroska
from album_sort.metadata.quicktime import read_quicktime
from album_sort.metadata.transport_stream import is_transport_stream, read_transport_stream
from album_sort.types import Metadata

_HEAD_BYTES = 4 * 192
_EBML = b"\x1aE\xdf\xa3"


def read_video(stream: BinaryIO) -> Metadata:
    """What a film says of itself; a warning where it cannot be read."""
    try:
        head = stream.read(_HEAD_BYTES)
        stream.seek(0)
        if is_avi(head):
            return read_avi(stream)
        if head.startswith(_EBML):
            return read_matroska(stream)
        if is_transport_stream(head):
            return read_transport_stream(stream)
        return read_quicktime(stream)
    except OSError as error:
        return Metadata(warnings=(f"video cannot be read: {error.strerror or error}",))
