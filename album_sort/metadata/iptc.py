"""IPTC: dates, keywords and captions of agencies, scanners and editors, inside Photoshop's image resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from album_sort.metadata.dates import local_candidate, parse_moment
from album_sort.metadata.tags import clean
from album_sort.types import Metadata, TimeCandidate, TimeSource

MAX_RESOURCES = 512
MAX_DATASETS = 1024
MAX_VALUES = 200

IPTC_RESOURCE = 0x0404

_SIGNATURES = (b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa")
_PREFIXES = (b"Photoshop 3.0\0", b"Adobe_Photoshop2.5:\0\0\0\0\0\0\0\0")

# Numbers of record 2.
_TITLE, _KEYWORD, _DATE, _TIME, _DIGITAL_DATE, _DIGITAL_TIME, _CAPTION = 5, 25, 55, 60, 62, 63, 120
_CHARACTER_SET, _UTF8 = 90, b"\x1b%G"
"""Record 1 names the character set; UTF-8 is the only one in use besides none."""

_DAY = re.compile(r"(\d{4})[-:/.]?(\d{2})[-:/.]?(\d{2})", re.ASCII)
_CLOCK = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})\s*([+-]\d{2}:?\d{2})?", re.ASCII)


def strip_photoshop(body: bytes) -> bytes | None:
    """The image resources of an APP13 segment; None for a segment of another program."""
    return next((body[len(prefix) :] for prefix in _PREFIXES if body.startswith(prefix)), None)


def read_iptc(block: bytes) -> Metadata:
    """What IPTC says: from image resources (`8BIM` ...), or from bare datasets as TIFFs have them."""
    datasets = _byte_order_mended(block)
    if not datasets.startswith(b"\x1c"):
        datasets = b"".join(_iptc_resources(block))
    values = _collect(datasets)
    if not values:
        return Metadata()
    keywords = dict.fromkeys(values.get(_KEYWORD, ()))
    texts = dict.fromkeys(_first(values, number) for number in (_TITLE, _CAPTION))
    return Metadata(
        time_candidates=tuple(_times(values)),
        keywords=tuple(keywords),
        description=" · ".join(filter(None, texts)),
    )


def _byte_order_mended(block: bytes) -> bytes:
    """Libtiff declares the datasets as numbers of four bytes, and then they are turned round with those."""
    if block[:1] != b"\x1c" and block[3:4] == b"\x1c" and len(block) % 4 == 0:
        return b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    return block


def _iptc_resources(block: bytes) -> Iterator[bytes]:
    """Contents of the resources that hold IPTC; most often one."""
    at = 0
    for _ in range(MAX_RESOURCES):
        if block[at : at + 4] not in _SIGNATURES:
            return
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name_bytes = 1 + (block[at + 6] if at + 6 < len(block) else 0)
        start = at + 6 + name_bytes + name_bytes % 2
        size = int.from_bytes(block[start : start + 4], "big")
        if number == IPTC_RESOURCE:
            yield block[start + 4 : start + 4 + size]
        at = start + 4 + size + size % 2


def _collect(datasets: bytes) -> dict[int, list[str]]:
    """Texts of record 2 by number."""
    raw: list[tuple[int, bytes]] = []
    charset = "utf-8"
    is_declared = False
    at = 0
    for _ in range(MAX_DATASETS):
        if datasets[at : at + 1] != b"\x1c" or at + 5 > len(datasets):
            break
        record, number = datasets[at + 1], datasets[at + 2]
        size, start = int.from_bytes(datasets[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:  # extended: the number says how many bytes hold the size
            wide = min(size & 0x7FFF, 8)
            size, start = int.from_bytes(datasets[start : start + wide], "big"), start + wide
        body = datasets[start : start + size]
        if (record, number) == (1, _CHARACTER_SET):
            is_declared = body.startswith(_UTF8)
        elif record == 2:
            raw.append((number, body))
        at = start + size
    values: dict[int, list[str]] = {}
    for number, body in raw:
        text = clean(_decoded(body[:4096], charset, is_declared=is_declared))
        held = values.setdefault(number, [])
        if text and len(held) < MAX_VALUES:
            held.append(text)
    return values


def _decoded(body: bytes, charset: str, *, is_declared: bool) -> str:
    """UTF-8 where it is declared or proves itself, else Latin-1 as before there was a declaration."""
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return body.decode(charset, "ignore") if is_declared else body.decode("latin-1")


def _first(values: dict[int, list[str]], number: int) -> str:
    return next(iter(values.get(number, ())), "")


def _times(values: dict[int, list[str]]) -> Iterator[TimeCandidate]:
    """DateCreated is of the shot; the digital date of a scan is that of the scan, as EXIF's DateTimeDigitized."""
    for source, day, clock, note in (
        (TimeSource.IPTC, _DATE, _TIME, "IPTC DateCreated"),
        (TimeSource.EXIF_DIGITIZED, _DIGITAL_DATE, _DIGITAL_TIME, "IPTC DigitalCreationDate"),
    ):
        date_text = _DAY.match(_first(values, day))
        clock_text = _CLOCK.match(_first(values, clock))
        if date_text is None:
            continue
        time = f" {clock_text[1]}:{clock_text[2]}:{clock_text[3]}{clock_text[4] or ''}" if clock_text else ""
        date = ":".join(date_text.groups())
        moment = parse_moment(date + time) or parse_moment(date)
        if moment is not None:
            # `+0000` is what programs write that know no zone: it proves nothing.
            offset = moment.utc_offset_minutes or None
            yield local_candidate(source, replace(moment, utc_offset_minutes=offset), note)
