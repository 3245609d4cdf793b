"""Every format cut off at several places: filed by the part that is there, or refused in words that say that it is cut."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from album_sort.containers import isobmff, lengths
from album_sort.images import UndecodableError, decode_picture
from album_sort.images.cut_files import common_corner, filled_up, part_of_cut
from album_sort.images.pixels import Pixels
from album_sort.types import PixelSource
from tests.builders import make_tree
from tests.conftest import Program
from tests.container_builders import CHANGES, damaged
from tests.decode_samples import RESNET, encoded, picture
from tests.exif_builders import box
from tests.raw_samples import dng, sensor_of
from tests.test_damage import cut, noisy, seen

KEPT = (0.2, 0.5, 0.8, 0.99)
WIDTH, HEIGHT = 600, 400
PART = "a part"


@cache
def grainy() -> Image.Image:
    return noisy(WIDTH, HEIGHT)


def tiff(**options: Any) -> bytes:
    """Deflated strips or tiles behind their directory."""
    stream = io.BytesIO()
    pixels = np.asarray(grainy())
    planes = pixels.transpose(2, 0, 1) if options.get("planarconfig") == "separate" else pixels
    tifffile.imwrite(stream, planes, compression="zlib", photometric="rgb", **options)
    return stream.getvalue()


def directory_first(written: bytes) -> bytes:
    """A TIFF of libtiff, which puts the directory behind the pixels, with the directory in front of them."""
    with Image.open(io.BytesIO(written)) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        tags = image.tag_v2
        strips = [written[at : at + size] for at, size in zip(tags[273], tags[279], strict=True)]
        kept = {tag: tags[tag] for tag in (256, 257, 258, 259, 262, 277, 278, 347, 530) if tag in tags}
    fields = {tag: value if isinstance(value, bytes | tuple) else (value,) for tag, value in kept.items()}
    fields |= {273: tuple(0 for _ in strips), 279: tuple(map(len, strips))}
    values_at = 8 + 2 + 12 * len(fields) + 4
    values, entries = b"", b""
    for tag in sorted(fields):
        held = fields[tag]
        body = held if isinstance(held, bytes) else struct.pack(f"<{len(held)}I", *held)
        if tag == 273:
            offsets_at = values_at + len(values)
        kind, count = (7, len(body)) if isinstance(held, bytes) else (4, len(body) // 4)
        if len(body) <= 4:
            body = body.ljust(4, b"\0")
        else:
            values, body = values + body, struct.pack("<I", values_at + len(values))
        entries += struct.pack("<HHI", tag, kind, count) + body
    made = bytearray(b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4) + values)
    starts = [len(made) + sum(map(len, strips[:number])) for number in range(len(strips))]
    assert len(starts) > 1, "one offset stands in the entry itself"
    made[offsets_at : offsets_at + 4 * len(starts)] = struct.pack(f"<{len(starts)}I", *starts)
    return bytes(made) + b"".join(strips)


def libtiff(compression: str, image: Image.Image | None = None) -> bytes:
    return encoded(image or grainy(), "TIFF", compression=compression)


def jpeg_xl(**options: object) -> bytes:
    pytest.importorskip("pillow_jxl", reason="the extra `jxl` is not installed")
    return encoded(grainy(), "JXL", **options)


def jpeg_xl_in_a_container() -> bytes:
    """Its boxes say how long it is."""
    stream = jpeg_xl()
    return box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", stream)


# What comes of it: a part (with the share that is missing), or the code of the refusal.
SAMPLES: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg": (lambda: encoded(grainy(), "JPEG", quality=90), PART),
    "progressive jpeg": (lambda: encoded(grainy(), "JPEG", progressive=True), PART),
    "png": (lambda: encoded(grainy(), "PNG"), PART),
    "gif": (lambda: encoded(grainy(), "GIF", interlace=0), PART),
    "interlaced gif": (lambda: encoded(grainy(), "GIF", interlace=1), PART),
    "bmp": (lambda: encoded(grainy(), "BMP"), PART),
    "webp": (lambda: encoded(grainy(), "WEBP", quality=90), PART),
    "lossless webp": (lambda: encoded(grainy(), "WEBP", lossless=True), PART),
    "avif": (lambda: encoded(grainy(), "AVIF", quality=80), PART),
    "avif without tiles": (lambda: encoded(grainy(), "AVIF", quality=60, autotiling=False), PART),
    "tiff": (lambda: encoded(grainy(), "TIFF"), PART),
    "tiff in strips": (lambda: tiff(rowsperstrip=16), PART),
    "tiff in one strip": (lambda: tiff(rowsperstrip=HEIGHT), PART),
    "tiff in tiles": (lambda: tiff(tile=(64, 64)), PART),
    "big-endian tiff": (lambda: tiff(rowsperstrip=20, byteorder=">"), PART),
    "turned tiff": (lambda: tiff(rowsperstrip=16, extratags=[(274, 3, 1, 6, True)]), PART),
    "lzw tiff": (lambda: directory_first(libtiff("tiff_lzw")), PART),
    "packbits tiff": (lambda: directory_first(libtiff("packbits")), PART),
    "tiff by colours": (lambda: tiff(planarconfig="separate"), "skip.cut-short"),
    "lzw tiff with its directory at the end": (lambda: libtiff("tiff_lzw"), "skip.cut-short"),
    "jpeg tiff with its directory at the end": (lambda: libtiff("jpeg"), "skip.cut-short"),
    "fax with its directory at the end": (lambda: libtiff("group4", grainy().convert("1")), "skip.cut-short"),
    "jpeg xl": (jpeg_xl, "skip.damaged-or-cut"),
    "lossless jpeg xl": (lambda: jpeg_xl(lossless=True), "skip.damaged-or-cut"),
    "jpeg xl in a container": (jpeg_xl_in_a_container, "skip.cut-short"),
    "dng with a preview": (lambda: dng(picture(WIDTH, HEIGHT), 1, sensor_of(grainy())), PART),
    "dng without a preview": (lambda: dng(None, 1, sensor_of(grainy())), PART),
}
# Their decoders show a part whose share says nothing of the bytes: all rows, roughly (progressive), or columns of tiles.
SHARE_IS_NOT_OF_ROWS = ("progressive jpeg", "avif")


@cache
def sample(name: str) -> bytes:
    return SAMPLES[name][0]()


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_cut_file_is_shown_in_part_or_said_to_be_cut(name: str, kept: float) -> None:
    whole, outcome = sample(name), SAMPLES[name][1]
    suffix = ".dng" if name.startswith("dng") else ""
    sound = decode_picture(whole, RESNET, suffix=suffix)
    assert sound.missing_share is None
    if outcome is PART:
        shown = decode_picture(cut(whole, kept), RESNET, suffix=suffix)
        assert shown.missing_share is not None
        assert (shown.width_px, shown.height_px) == (sound.width_px, sound.height_px)
        if name not in SHARE_IS_NOT_OF_ROWS:
            assert shown.missing_share == pytest.approx(1 - kept, abs=0.17 if "tiles" in name else 0.06)
        return
    with pytest.raises(UndecodableError) as refused:
        decode_picture(cut(whole, kept), RESNET, suffix=suffix)
    assert refused.value.reason.code == outcome
    if outcome == "skip.cut-short":
        missing = dict(refused.value.reason.values)["missing"]
        assert 0 < int(missing) <= len(whole) - len(cut(whole, kept))


ZEROED = ("jpeg", "png", "webp", "avif", "tiff in strips", "tiff in one strip", "lzw tiff", "dng with a preview")


@pytest.mark.parametrize("kept", [0.3, 0.6])
@pytest.mark.parametrize("name", ZEROED)
def test_zeros_in_place_of_the_rest_are_as_good_as_nothing(name: str, kept: float) -> None:
    """What a download that was never finished leaves: the full length, with zeros behind what came."""
    whole, suffix = sample(name), ".dng" if name.startswith("dng") else ""
    part = cut(whole, kept)
    shown = decode_picture(part + bytes(len(whole) - len(part)), RESNET, suffix=suffix)
    assert shown.missing_share is not None
    assert shown.missing_share > 0.2


def test_a_raw_of_which_only_the_preview_is_left_is_said_to_be_cut() -> None:
    whole = dng(picture(300, 200), 1, sensor_of(noisy(1800, 1200)))
    shown = decode_picture(cut(whole, 0.03), RESNET, suffix=".dng")
    assert shown.pixel_source is PixelSource.RAW_PREVIEW
    assert shown.missing_share == pytest.approx(0.97, abs=0.01)


def test_a_black_border_that_is_not_compressed_is_no_damage() -> None:
    black = grainy().copy()
    black.paste((0, 0, 0), (0, HEIGHT // 2, WIDTH, HEIGHT))
    for kind in ("TIFF", "BMP"):
        assert seen(encoded(black, kind)).missing_share is None


# The part that is shown is the picture's


def as_loaded(data: bytes) -> Pixels:
    """Decodes strictly, as the loaders do."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return Pixels(image.convert("RGB"), *image.size, 1, PixelSource.FULL)


def part_and_whole(name: str, kind: str, kept: float) -> tuple[Pixels, NDArray[np.int16], NDArray[np.int16]]:
    whole = as_loaded(sample(name)).image
    part = part_of_cut(cut(sample(name), kept), kind, as_loaded)
    assert part is not None
    same = whole.crop((0, 0, *part.size))
    return part, np.asarray(part.image).astype(np.int16), np.asarray(same).astype(np.int16)


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize(
    "name", ["tiff in strips", "tiff in one strip", "tiff in tiles", "big-endian tiff", "lzw tiff"]
)
def test_the_rows_of_a_cut_tiff_are_those_of_the_whole_one(name: str, kept: float) -> None:
    part, shown, same = part_and_whole(name, "tiff", kept)
    assert (part.width_px, part.height_px, part.size[0]) == (WIDTH, HEIGHT, WIDTH)
    assert np.array_equal(shown, same)


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("name", ["avif", "avif without tiles"])
def test_the_corner_of_a_cut_avif_is_that_of_the_whole_one(name: str, kept: float) -> None:
    part, shown, same = part_and_whole(name, "avif", kept)
    assert part.missing_share is not None
    assert np.abs(shown - same).max() <= 4  # filters smooth over the last row
    assert part.size[0] * part.size[1] == pytest.approx((1 - part.missing_share) * WIDTH * HEIGHT, rel=0.01)


@pytest.mark.parametrize("compression", ["jpeg", "group4"])
@pytest.mark.parametrize("kept", KEPT)
def test_what_a_decoder_fills_up_without_a_word_is_not_shown(compression: str, kept: float) -> None:
    image = noisy(1600, 1200).convert("1") if compression == "group4" else noisy(1600, 1200)
    shown = seen(cut(directory_first(libtiff(compression, image)), kept))
    assert shown.missing_share == pytest.approx(1 - kept, abs=0.06)


def test_a_cut_picture_that_is_turned_keeps_its_turn() -> None:
    upright, turned = (seen(cut(tiff(rowsperstrip=16, extratags=tags), 0.5)) for tags in ([], [(274, 3, 1, 6, True)]))
    assert np.abs(np.rot90(upright.views[0], -1).astype(int) - turned.views[0].astype(int)).mean() < 3


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 12), st.integers(0, 12))
def test_the_common_corner_holds_nothing_that_differs(height: int, width: int, down: int, across: int) -> None:
    one = np.zeros((height, width, 3), np.uint8)
    other = one.copy()
    other[min(down, height - 1), min(across, width - 1)] = 1
    corner = common_corner(one, other)
    assert np.array_equal(one[: corner[1], : corner[0]], other[: corner[1], : corner[0]])
    assert corner[0] * corner[1] == max(min(down, height - 1) * width, min(across, width - 1) * height)
    assert common_corner(one, one) == (width, height)


# Hostile files


def test_a_file_that_says_to_be_gigabytes_long_is_not_filled_up() -> None:
    for size in (1 << 31, (1 << 32) - 1):
        avif = box(b"ftyp", b"avif\0\0\0\0avif") + struct.pack(">I", size) + b"mdat" + bytes(100)
        assert filled_up(avif) is None
        assert part_of_cut(avif, "avif", as_loaded) is None
        with pytest.raises(UndecodableError) as refused:
            seen(avif)
        assert refused.value.reason.code == "skip.no-header", "such a length is damage, no cut"


def test_a_damaged_length_inside_is_no_cut() -> None:
    assert lengths.missing_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50)) == 0, "no header at all"
    broken = sample("png").replace(b"IDAT", b"\xffDAT", 1)
    at = broken.index(b"\xffDAT") - 4
    for said in (b"\0\xff\xff\xff", b"\x7f\xff\xff\xff"):
        assert lengths.missing_bytes(broken[:at] + said + broken[at + 4 :]) == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["tiff in strips", "tiff in tiles", "lzw tiff"]), CHANGES, st.floats(0, 1), st.integers(0, 200))
def test_tables_that_lie_are_read_within_bounds(
    name: str, changes: list[tuple[float, bytes]], kept: float, head: int
) -> None:
    """Damage in the directory: the decoder is asked a bounded number of times, and gets nothing that is malformed by us."""
    whole = sample(name)
    asked = 0

    def load(data: bytes) -> Pixels:
        nonlocal asked
        asked += 1
        assert len(data) <= len(whole) + (64 << 10)
        raise ValueError("not whole")

    data = damaged(whole[:head], changes, 1.0) + whole[head + 1 :]
    assert part_of_cut(cut(data, kept), "tiff", load) is None
    assert asked <= 34


# How long a file says that it is


@pytest.mark.parametrize("name", ["png", "bmp", "webp", "avif", "tiff", "tiff in strips", "dng without a preview"])
def test_a_cut_file_says_how_much_it_lacks(name: str) -> None:
    whole = sample(name)
    assert lengths.missing_bytes(whole) == 0
    assert lengths.missing_bytes(whole + b"trailer") == 0
    for kept in KEPT:
        part = cut(whole, kept)
        missing = lengths.missing_bytes(part)
        assert 0 < missing <= len(whole) - len(part)
        if name != "png":  # one chunk after the other: only the next ones are known
            assert missing >= 0.9 * (len(whole) - len(part)) - 64


def test_a_fuji_raw_says_how_long_it_is() -> None:
    head = b"FUJIFILMCCD-RAW".ljust(84, b" ") + struct.pack(">6I", 148, 1000, 1148, 500, 1648, 90_000)
    whole = head.ljust(148, b"\0") + bytes(91_500)
    assert lengths.missing_bytes(whole) == 0
    assert lengths.missing_bytes(whole[:50_000]) == len(whole) - 50_000


@given(
    st.binary(max_size=300),
    st.sampled_from([b"RIFF", b"II*\0", b"MM\0*", b"BM", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x14ftyp", b""]),
)
def test_the_length_of_any_bytes_is_read_without_error(body: bytes, start: bytes) -> None:
    data = start + body
    assert lengths.missing_bytes(data) >= 0
    assert 0 <= lengths.missing_tiff_share(data) <= 1
    assert data.startswith(lengths.without_empty_tail(data))
    assert isobmff.missing_bytes(data) >= 0


# A whole run


def test_cut_pictures_are_filed_as_damaged_and_the_others_refused_in_plain_words(
    tmp_path: Path, album_sort: Program
) -> None:
    photos = make_tree(
        tmp_path / "Photos",
        {
            "cut.avif": cut(sample("avif"), 0.6),
            "cut.tif": cut(sample("lzw tiff"), 0.6),
            "lost.tif": cut(sample("lzw tiff with its directory at the end"), 0.6),
        },
    )
    albums = tmp_path / "Albums"
    ran = album_sort("sort", str(photos), "--out", str(albums), "--model", "efficientnet-lite0", "--offline")
    assert ran.code == 3, "one could not be processed"
    (report,) = (albums / ".album-sort" / "runs").glob("*/report.jsonl")
    rows = {
        Path(row["source"]).name: row for row in map(json.loads, report.read_text().splitlines()) if "source" in row
    }
    for name in ("cut.avif", "cut.tif"):
        assert rows[name]["damaged"] is True
        assert (albums / rows[name]["path"]).read_bytes() == (photos / name).read_bytes()
    missing = len(sample("lzw tiff with its directory at the end")) - (photos / "lost.tif").stat().st_size
    assert rows["lost.tif"]["code"] == "skip.cut-short"
    assert 0.9 * missing < rows["lost.tif"]["values"]["missing"] <= missing
    assert "cut short" in ran.stderr
