"""Canon CR3: the preview of 1620 x 1080 pixels that stands beside the full-size one, which costs ten times as much to decode."""

from __future__ import annotations

from album_sort.containers.isobmff import boxes

_PREVIEW_UUID = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")

# Behind the identifier: eight bytes of counts, then a `PRVW` box whose JPEG follows its sixteen bytes of fields.
_KIND_AT, _LENGTH_AT, _JPEG_AT = 12, 28, 32


def cr3_preview(data: bytes) -> bytes:
    """The JPEG of the `PRVW` box; empty where there is none, or where it is cut off."""
    for outer in boxes(data):
        box = outer.start + len(_PREVIEW_UUID)
        if outer.kind != b"uuid" or data[outer.start : box] != _PREVIEW_UUID:
            continue
        length = int.from_bytes(data[box + _LENGTH_AT : box + _JPEG_AT], "big")
        is_whole = box + _JPEG_AT + length <= outer.end
        # A slice only of what is there: the length may say anything.
        jpeg = data[box + _JPEG_AT : box + _JPEG_AT + length] if is_whole else b""
        if data[box + _KIND_AT : box + _KIND_AT + 4] == b"PRVW" and jpeg.startswith(b"\xff\xd8\xff"):
            return jpeg
    return b""
