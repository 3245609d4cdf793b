"""Nikon's `NCTG` tags in AVI and MOV: the one that says when the film was taken."""

from __future__ import annotations

import struct

_CREATE_DATE, _ORIGINAL_DATE = 0x11, 0x12
_TEXT = 2
MAX_TAGS = 256
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8}


def nikon_date(body: bytes, order: str) -> str:
    """The date as text; empty where there is none. `order` is `<` in AVI, `>` in MOV."""
    dates: dict[int, str] = {}
    at = 0
    layout = f"{order}IHH"
    for _ in range(MAX_TAGS):
        if at + 8 > len(body):
            break
        tag, kind, count = struct.unpack_from(layout, body, at)
        size = count * _ITEM_BYTES.get(kind, 1)
        if kind == _TEXT and tag in (_CREATE_DATE, _ORIGINAL_DATE):
            dates[tag] = body[at + 8 : at + 8 + min(size, 64)].decode("latin-1")
        at += 8 + size
    return dates.get(_ORIGINAL_DATE) or dates.get(_CREATE_DATE, "")
