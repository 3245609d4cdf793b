"""A sample of each photo format, by its name in `core/formats.py`: tests/test_every_format.py asks it all that a format promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from album_sort.core.formats import FORMATS
from tests import exif_builders
from tests.decode_samples import encoded, exif, stored
from tests.raw_samples import dng, sensor_of


@dataclass(frozen=True)
class Sample:
    """How a file of the format is made; None where nobody can make one, and `why`."""

    picture: Callable[[Image.Image, int], bytes] | None = None
    """(upright picture, EXIF Orientation) -> a file that stores it so."""
    with_exif: Callable[[bytes], bytes] | None = None
    """(`Exif`, two zero bytes and a TIFF block) -> a file that holds it where the format has it."""
    head: bytes = b""
    """The first bytes, of a format that is told by `is_that`."""
    why: str = ""


def _by_pillow(kind: str) -> Sample:
    return Sample(
        lambda image, turn: encoded(stored(image, turn), kind, exif=exif(turn)),
        lambda block: exif_builders.picture(kind, block),
    )


def _without_exif(kind: str, head: bytes = b"") -> Sample:
    return Sample(lambda image, _turn: encoded(image, kind), head=head)


def _heif(brand: bytes) -> Sample:
    return Sample(
        with_exif=lambda block: exif_builders.heif_with_exif(block, brand=brand),
        why="libheif is installed to decode only: test_decode_shared.py reads real ones",
    )


def _boxed_jxl(block: bytes) -> bytes:
    """The boxes that lead to a JPEG XL's EXIF, without any picture."""
    box = exif_builders.box
    return (
        b"\0\0\0\x0cJXL \r\n\x87\n"
        + box(b"ftyp", b"jxl \0\0\0\0jxl ")
        + box(b"Exif", bytes(4), block.removeprefix(b"Exif\0\0"))
    )


# LibRaw goes by content: a DNG under another name is a RAW of that name to us.
_TIFF_BASED = Sample(
    lambda image, turn: dng(stored(image, turn), turn, sensor_of(stored(image, turn))),
    lambda block: block.removeprefix(b"Exif\0\0"),
)
_CAMERAS_OWN = Sample(why="only cameras write it: test_decode_raw.py and test_decode_shared.py read real ones")

SAMPLES: dict[str, Sample] = {
    "jpeg": _by_pillow("JPEG"),
    "png": _by_pillow("PNG"),
    "webp": _by_pillow("WEBP"),
    "tiff": _by_pillow("TIFF"),
    "avif": _by_pillow("AVIF"),
    "gif": _without_exif("GIF"),
    "bmp": _without_exif("BMP", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"),
    # Its encoder turns the pixels, and leaves the turn out.
    "jxl": Sample(lambda image, _turn: encoded(image, "JXL"), _boxed_jxl),
    "heic": _heif(b"heic"),
    "heif": _heif(b"mif1"),
    "mts": Sample(head=b"G@\0\x10"),
    **{media.name: _TIFF_BASED for media in FORMATS if media.tiff_based},
    **dict.fromkeys(("cr2", "cr3", "crw", "orf", "rw2", "raf", "x3f", "mrw"), _CAMERAS_OWN),
}
