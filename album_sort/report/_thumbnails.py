"""What the bytes of a thumbnail tell without decoding it: its size, and how much there is to see. Pure."""

from __future__ import annotations

_FRAMES = frozenset({0xC0, 0xC1, 0xC2})


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a JPEG; None for what is none."""
    at = 2
    if data[:2] != b"\xff\xd8":
        return None
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return (width, height) if width and height else None
        at += 2 + length
    return None


def detail(data: bytes) -> float:
    """Bytes for a pixel: of thumbnails made alike, a blurred one or an empty wall has few; 0 for what is no JPEG."""
    size = jpeg_size(data)
    return len(data) / (size[0] * size[1]) if size else 0.0
