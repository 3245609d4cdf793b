"""Apple's maker note: what joins a photo to its film, and the photos of a burst."""

from __future__ import annotations

from album_sort.containers.tiff import directory, value

BURST_UUID, CONTENT_IDENTIFIER = 0x000B, 0x0011

_HEADER = b"Apple iOS"
_DIRECTORY_AT = 14


def apple_texts(maker_note: bytes) -> tuple[str, str]:
    """Content identifier and burst UUID of an Apple maker note; empty where absent. Its offsets count from its start."""
    if not maker_note.startswith(_HEADER) or len(maker_note) < _DIRECTORY_AT + 2:
        return "", ""
    order = "<" if maker_note[12:14] == b"II" else ">"
    held = directory(maker_note, order, _DIRECTORY_AT, (CONTENT_IDENTIFIER, BURST_UUID))
    identifier, burst = (
        value(maker_note, held, tag, 64).split(b"\0")[0].decode("ascii", "ignore").strip()
        for tag in (CONTENT_IDENTIFIER, BURST_UUID)
    )
    return identifier, burst
