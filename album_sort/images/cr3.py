"""Canon CR3: the preview of 1620 x 1080 pixels that stands beside the full-size one, which costs ten times as much to decode."""

from __future__ import annotations

_PREVIEW_UUID = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
_MAX_BOXES = 64

# Behind the identifier: eight bytes of counts, then a `PRVW` box whose JPEG follows its sixteen bytes of fields.
_KIND_AT, _LENGTH_AT, _JPEG_AT = 12, 28, 32


def cr3_preview(data: bytes) -> bytes:
    """The JPEG of the `PRVW` box; empty where there is none, or where it is cut off."""
    for at, end in _outer_uuids(data):
        if data[at : at + 16] != _PREVIEW_UUID:
            continue
        box = at + 16
        length = int.from_bytes(data[box + _LENGTH_AT : box + _JPEG_AT], "big")
        jpeg = data[box + _JPEG_AT : box + _JPEG_AT + length]
        is_whole = len(jpeg) == length and box + _JPEG_AT + length <= end
        if data[box + _KIND_AT : box + _KIND_AT + 4] == b"PRVW" and is_whole and jpeg.startswith(b"\xff\xd8\xff"):
            return jpeg
    return b""


def _outer_uuids(data: bytes) -> list[tuple[int, int]]:
    """(start of the payload, end) of the outermost `uuid` boxes."""
    found, at = [], 0
    for _ in range(_MAX_BOXES):
        size, header = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size < header or at + header > len(data):
            break
        if data[at + 4 : at + 8] == b"uuid":
            found.append((at + header, at + size))
        at += size
    return found
