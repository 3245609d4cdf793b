"""Made-up libraries of fifty odd files: what real disks hold of wrong dates, endless numbers, strange names and broken files.

Contents come from a pool of a few hundred, so that a library costs names, times and folders and hardly any network.
"""

from __future__ import annotations

import functools
import json
import os
import random
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.builders import make_jpeg
from tests.exif_builders import movie, picture, xmp
from tests.fuzz.mutations import mutated

FILES = 50
POOL = 480

_DATES = (
    *(
        "2019:05:06 07:08:09",
        "2015:08:22 24:08:19",
        "2015:08:22 12:65:00",
        "1993:00:00 00:00:00",
        "1993:08:00 00:00:00",
    ),
    *(
        "2004: 1: 5 10:00:00",
        "0000:00:00 00:00:00",
        "2019:02:30 10:00:00",
        "9999:12:31 23:59:59",
        "1970:01:01 00:00:00",
    ),
    *(
        "٢٠٢٢:٠١:٠٤ ١٦:٢٨:٠٥",
        "2021年3月4日",
        "",
        " ",
        "    :  :     :  :  ",
        "2019:05:06",
        "2019-05-06T07:08:09Z",
        "06/05/2019",
    ),
    *(
        "2019:05:06 07:08:09\0\0",
        "2100:01:01 00:00:00",
        "-2019:05:06 07:08:09",
        "20190506070809",
        "2019:05:06 07:08:60",
        "x" * 300,
    ),
)
_OFFSETS = ("+09:00", "-03:30", "+99:99", "Z", "   :  ", "+14:00", "-00:00", "1e9", "\0")
_NUMBERS = (
    "0/0",
    "1/0",
    "-1/0",
    "4294967295/1",
    "1e999",
    "inf",
    "-inf",
    "nan",
    "12.5",
    "-0.0",
    "9" * 400,
    "",
    "1/3",
    "-2147483648/-1",
)
_RATIONALS = (
    (0, 0),
    (1, 0),
    (90, 1),
    (91, 1),
    (4294967295, 1),
    (4294967295, 4294967295),
    (1, 4294967295),
    (35, 1),
    (139, 1),
)
_MTIMES_S = (-11644473600, -62135596800, -1, 0, 1, 315532800, 1_700_000_000, 4102444800, 15032385535, 910692730085)
_NAMES = (
    *(
        "IMG_{n:04}.JPG",
        "IMG_{n:04}.jpg",
        "img_{n:04}.JPG",
        "IMG_E{n:04}.JPG",
        "IMG_{n:04}-edited.jpg",
        "IMG_{n:04}(1).jpg",
    ),
    *(
        "20190506_070809_{n}.jpg",
        "2019-05-06 07.08.09.jpg",
        "22-04-06 15-21-03 {n:04}.png",
        "25122013_{n}.jpg",
        "2021年3月4日 {n}.jpg",
    ),
    *(
        "IMG-20200101-WA{n:04}.jpg",
        "{n:032x}.jpg",
        "1954 Grandmother {n}.jpg",
        "Screenshot_2020-02-30-25-61-61.png",
        "٢٠٢٢٠١٠٤_{n}.jpg",
    ),
    *(
        "-{n}.jpg",
        ".{n}.jpg",
        "..{n}.jpg",
        "{n}",
        "{n}.",
        "{n}.jpg.",
        "a\nb{n}.jpg",
        "\u202egpj.{n}",
        "CON{n}.jpg",
        "con.jpg",
        "%s{n}.jpg",
    ),
    *(
        "caf\u00e9{n}.jpg",
        "cafe\u0301{n}.jpg",
        "caf\udce9{n}.jpg",
        "\udcff\udcfe{n}.jpg",
        "{n}\u0000".replace("\0", "\x01") + ".jpg",
    ),
    *(
        "x" * 240 + "{n}.jpg",
        "\u732b" * 80 + "{n}.jpg",
        "  {n} .jpg",
        "{n}.jpg~",
        "{n}.JPEG",
        "{n}.HEIC",
        "{n}.PNG",
        "{n}.xyz",
        "~{n}~.jpg",
    ),
)
_VIDEOS = (
    "IMG_{n:04}.MOV",
    "MVI_{n:04}.mp4",
    "GX01{n:04}.MP4",
    "GL01{n:04}.LRV",
    "{n}.avi",
    "IMG_{n:04}.mov",
    "DJI_{n:04}.MP4",
)
_SIDECARS = (".xmp", ".XMP", ".json", ".supplemental-metadata.json", ".aae", ".AAE", ".THM", ".jpg.xmp")
_FOLDERS = (
    *(
        "",
        "DCIM/100APPLE",
        "Takeout/Google Photos/Photos from 2019",
        "1990-1999",
        "25-12-2013 Xmas",
        "19680714 Wedding",
        "a/b/c/d/e/f",
    ),
    *(
        "School 2010-11",
        "相册/2021年",
        "\u202eesrever",
        "caf\u00e9",
        "cafe\u0301",
        "-out",
        "CON",
        "Wallpapers 1920x1080",
        " ",
        "x" * 200,
    ),
)


@functools.cache
def _plain(seed: int, kind: str) -> bytes:
    return make_jpeg(seed, (96, 64)) if kind == "JPEG" else picture(kind, b"")


def _text(tag: int, text: str) -> tuple[int, int, int, bytes]:
    data = text.encode("utf-8", "surrogateescape") + b"\0"
    return tag, 2, len(data), data


def _rationals(tag: int, *pairs: tuple[int, int]) -> tuple[int, int, int, bytes]:
    return tag, 5, len(pairs), b"".join(struct.pack("<II", *pair) for pair in pairs)


def _block(entries: Sequence[tuple[int, int, int, bytes]], start: int) -> bytes:
    """A directory of (tag, type, count, data) at offset `start`; libraries that write EXIF refuse most of these values."""
    head, data = struct.pack("<H", len(entries)), b""
    after = start + 2 + 12 * len(entries) + 4
    for tag, kind, count, body in sorted(entries):
        if len(body) <= 4:
            head += struct.pack("<HHI", tag, kind, count) + body.ljust(4, b"\0")
        else:
            head += struct.pack("<HHII", tag, kind, count, after + len(data))
            data += body
    return head + bytes(4) + data


def _exif(chance: random.Random) -> bytes:
    """A TIFF block with an image, an EXIF and perhaps a GPS directory."""
    image = [
        _text(0x10F, chance.choice(("Canon", "Apple", "", "x" * 500))),
        _text(0x110, "X"),
        _text(0x132, chance.choice(_DATES)),
    ]
    exif = [
        _text(0x9003, chance.choice(_DATES)),
        _text(0x9011, chance.choice(_OFFSETS)),
        _rationals(0x829A, chance.choice(_RATIONALS)),
    ]
    gps = [
        _text(1, chance.choice(("N", "S", "n", "", "X"))),
        _rationals(2, *(chance.choice(_RATIONALS) for _ in range(3))),
        _text(3, chance.choice(("E", "W", "", "Q"))),
        _rationals(4, *(chance.choice(_RATIONALS) for _ in range(3))),
        _rationals(6, chance.choice(_RATIONALS)),
    ]
    parts = [(0x8769, exif)] + [(0x8825, gps)] * (chance.random() < 0.6)
    at = 8 + len(_block([*image, *((tag, 4, 1, bytes(4)) for tag, _ in parts)], 8))
    rest = b""
    for tag, entries in parts:
        image.append((tag, 4, 1, struct.pack("<I", at + len(rest))))
        rest += _block(entries, at + len(rest))
    return b"II*\0" + struct.pack("<I", 8) + _block(image, 8) + rest


def _exif_photo(chance: random.Random) -> bytes:
    jpeg, block = _plain(chance.randrange(40), "JPEG"), b"Exif\0\0" + _exif(chance)
    return jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]


def _xmp(chance: random.Random) -> bytes:
    return xmp(
        f"<exif:DateTimeOriginal>{chance.choice(_DATES[:8])}</exif:DateTimeOriginal>"
        f"<exif:GPSLatitude>{chance.choice((*_NUMBERS, '40,42.6N', '40,42.6'))}</exif:GPSLatitude>"
        f"<exif:GPSLongitude>{chance.choice((*_NUMBERS, '73,59.1W', '200,0E'))}</exif:GPSLongitude>"
        f"<exif:GPSAltitude>{chance.choice(_NUMBERS)}</exif:GPSAltitude>"
        f"<xmp:Rating>{chance.choice(_NUMBERS)}</xmp:Rating>"
    )


def _with_xmp(chance: random.Random) -> bytes:
    jpeg, packet = _exif_photo(chance), b"http://ns.adobe.com/xap/1.0/\0" + _xmp(chance)
    return jpeg[:2] + b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet + jpeg[2:]


def _takeout(chance: random.Random) -> bytes:
    number: object = chance.choice(
        (0, 1_462_492_800, -1, 10**18, 10**400, float("nan"), float("inf"), "1462492800", "x", None, [], {})
    )
    where = {
        "latitude": chance.choice((0.0, 35.6, 1e999, "x", None)),
        "longitude": chance.choice((0.0, 139.7, -1e999)),
        "altitude": 1e400,
    }
    return json.dumps({"title": "x", "photoTakenTime": {"timestamp": number}, "geoData": where}).encode()


def _movie(chance: random.Random) -> bytes:
    keys = {
        "com.apple.quicktime.creationdate": chance.choice(_DATES),
        "com.apple.quicktime.location.ISO6709": chance.choice(
            ("+35.6+139.7/", "+91-200/", "+1e999+0/", "", "+35.6+139.7+inf/")
        ),
    }
    return movie(
        created=chance.choice((0, 1, 2_082_844_800, 3_600_000_000, 4_294_967_295)),
        keys=keys if chance.random() < 0.6 else {},
        duration_s=chance.choice((0.0, 2.0, 7_000_000.0)),
    )


def _broken(chance: random.Random) -> bytes:
    return mutated(_exif_photo(chance), chance.randrange(1 << 30))


_MAKERS: tuple[tuple[int, Callable[[random.Random], bytes]], ...] = (
    (8, _exif_photo),
    (4, _with_xmp),
    (3, lambda chance: _plain(chance.randrange(40), "JPEG")),
    (3, lambda chance: picture(chance.choice(("PNG", "WEBP")), b"Exif\0\0" + _exif(chance))),
    (3, _broken),
    (1, lambda chance: chance.choice((b"", b"\0" * 100, b"\xff\xd8", b"GIF89a", chance.randbytes(64)))),
)


@functools.cache
def _pool() -> tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]:
    """Photos, videos and sidecars that all libraries draw from."""
    chance = random.Random(1)  # noqa: S311 - repeatable on purpose
    weights, makers = zip(*_MAKERS, strict=True)
    photos = tuple(chance.choices(makers, weights)[0](chance) for _ in range(POOL))
    videos = tuple(_movie(chance) for _ in range(POOL // 6))
    sidecars = tuple(chance.choice((_xmp, _takeout, _exif_photo))(chance) for _ in range(POOL // 3))
    return photos, videos, sidecars


def make_odd_library(number: int, root: Path) -> None:
    """Library `number` below `root`; the same number makes the same library."""
    chance = random.Random(number)  # noqa: S311 - repeatable on purpose
    photos, videos, sidecars = _pool()
    folders = [chance.choice(_FOLDERS) for _ in range(chance.randint(1, 6))]
    counter = chance.randrange(8)
    root.mkdir(parents=True)
    for _ in range(FILES):
        counter += chance.choice((0, 0, 1))
        what = chance.random()
        name = chance.choice(_VIDEOS if 0.7 < what < 0.8 else _NAMES).format(n=counter)
        data = chance.choice(videos if 0.7 < what < 0.8 else photos)
        if what > 0.8:
            name += chance.choice(_SIDECARS)
            data = chance.choice(sidecars)
        _put(root, chance.choice(folders), name, data, chance)


def _put(root: Path, folder: str, name: str, data: bytes, chance: random.Random) -> None:
    """One file, or what else a disk may hold under its name; what this file system cannot hold is left out."""
    path = root / folder / name
    with suppress(OSError, ValueError):  # too long a name, one that exists already
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = chance.random()
        if kind < 0.01:
            os.mkfifo(path)
        elif kind < 0.02:
            path.symlink_to(chance.choice((".", "..", "nowhere", name, "/dev/zero")))
        elif kind < 0.03:
            path.mkdir()
        else:
            with path.open("xb") as file:
                file.write(data)
            with suppress(OSError, OverflowError):
                os.utime(path, (chance.choice(_MTIMES_S), chance.choice(_MTIMES_S)))
            if kind > 0.98:
                path.chmod(0)
