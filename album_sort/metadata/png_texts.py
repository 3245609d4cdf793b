"""PNG: where EXIF, XMP, IPTC and the time of creation hide in its chunks. `date:create` and `tIME` are left aside.

ImageMagick's `date:create` and `date:modify` are the times of the file that it read, and `tIME` is when the picture was
last saved: each says no more than a modification time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from album_sort.containers.png import chunks
from album_sort.metadata.inflate import inflated

MAX_TEXTS = 64
MAX_TEXT_BYTES = 4 << 20

_EXIF_PROFILES = frozenset((b"raw profile type exif", b"raw profile type app1"))
_IPTC_PROFILES = frozenset((b"raw profile type iptc", b"raw profile type 8bim"))
_XMP_NAMES = frozenset((b"xml:com.adobe.xmp", b"raw profile type xmp"))
_XMP_IN_APP1 = b"http://ns.adobe.com/xap/1.0/"
_TIME_NAMES = {
    b"creation time": "PNG Creation Time",
    b"creationtime": "PNG Creation Time",
    b"create time": "PNG Creation Time",
    b"date taken": "PNG Date Taken",
    b"exif:datetimeoriginal": "PNG exif:DateTimeOriginal",
}


@dataclass(slots=True)
class PngBlocks:
    """What the chunks of a PNG hold, in the order of the file."""

    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    times: list[tuple[str, str]] = field(default_factory=list)
    """Note and text of each statement about when the picture was made."""


def png_blocks(data: bytes) -> PngBlocks:
    """All metadata chunks of a PNG, those behind the pixels too."""
    found = PngBlocks()
    texts = 0
    for kind, start, end in chunks(data):
        if kind == b"eXIf":
            found.exif.append(data[start:end])
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and texts < MAX_TEXTS:
            texts += 1
            _add_text(found, kind, data[start : min(end, start + MAX_TEXT_BYTES)])
    return found


def _add_text(found: PngBlocks, kind: bytes, body: bytes) -> None:
    name, _, rest = body[:80].partition(b"\0")
    name = name.strip().lower()
    if name not in _EXIF_PROFILES | _IPTC_PROFILES | _XMP_NAMES and name not in _TIME_NAMES:
        return
    text = _text_of(kind, body[body.index(b"\0") + 1 :] if rest or b"\0" in body else b"")
    if name in _TIME_NAMES:
        found.times.append((_TIME_NAMES[name], text[:200].decode("utf-8", "replace")))
        return
    block = _raw_profile(text) if name.startswith(b"raw") else text
    if name in _XMP_NAMES or block.startswith(_XMP_IN_APP1):
        found.xmp.append(block)
    elif name in _IPTC_PROFILES:
        found.iptc.append(block)
    else:
        found.exif.append(block)


def _text_of(kind: bytes, rest: bytes) -> bytes:
    """The text behind a keyword: `zTXt` has a byte for the method, `iTXt` two for it, a language and a translation."""
    if kind == b"zTXt":
        return inflated(rest[1:])
    if kind == b"iTXt":
        is_compressed, parts = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        text = parts[2] if len(parts) == 3 else b""
        return inflated(text) if is_compressed else text
    return rest


def _raw_profile(text: bytes) -> bytes:
    """ImageMagick's and exiftool's profiles: a line with the name (`IPTC profile`), one with the length, then hexadecimal digits."""
    parts = text.strip().split(b"\n", 2)
    if len(parts) < 3 or not parts[1].strip().isdigit():
        return b""
    digits = parts[2].translate(None, b" \t\r\n\0")
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""
