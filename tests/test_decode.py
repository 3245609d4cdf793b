"""Every photo format, mode and orientation becomes the same upright picture; what is not a picture is refused with a reason."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from album_sort.classifier.labels import load_wording
from album_sort.images import UndecodableError, decode_picture
from album_sort.types import Reason
from tests.decode_samples import RESNET, deep_planes, encoded, exif, likeness, picture, stored, unpacked

ORIENTED = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
ALWAYS_UPRIGHT = ("GIF", "BMP")


def upright_view() -> np.ndarray:
    return decode_picture(encoded(picture(), "PNG"), RESNET).views[0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ORIENTED)
def test_every_format_is_turned_upright_once(kind: str, orientation: int) -> None:
    data = encoded(stored(picture(), orientation), kind, exif=exif(orientation))
    decoded = decode_picture(data, RESNET)
    assert (decoded.width_px, decoded.height_px) == picture().size
    assert decoded.views.shape == (1, 224, 224, 3)
    assert likeness(decoded.views[0], upright_view()) > 0.98
    assert decoded.warnings == ()


@pytest.mark.parametrize("kind", ALWAYS_UPRIGHT)
def test_formats_without_an_orientation_stay_as_they_are(kind: str) -> None:
    decoded = decode_picture(encoded(picture(), kind), RESNET)
    assert likeness(decoded.views[0], upright_view()) > 0.98


def grey16(image: Image.Image, kind: str) -> bytes:
    deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(deep), kind)


def test_a_caller_may_overrule_the_orientation() -> None:
    data = encoded(stored(picture(), 6), "JPEG", exif=exif(1))
    assert likeness(decode_picture(data, RESNET, orientation=6).views[0], upright_view()) > 0.98


def with_alpha(image: Image.Image) -> Image.Image:
    """The picture, its right half transparent, with a colour beneath that must not show."""
    rgba = np.dstack([np.asarray(image), np.full((image.height, image.width), 255, np.uint8)])
    rgba[:, image.width // 2 :] = (255, 0, 0, 0)
    return Image.fromarray(rgba)


# What makes them: a process of the tests that does not run these need not.
GREYS: dict[str, Callable[[], bytes]] = {
    "grey JPEG": lambda: encoded(picture().convert("L"), "JPEG"),
    "grey PNG": lambda: encoded(picture().convert("L"), "PNG"),
    "16-bit PNG": lambda: grey16(picture(), "PNG"),
    "16-bit TIFF": lambda: grey16(picture(), "TIFF"),
    "float TIFF": lambda: encoded(picture().convert("F"), "TIFF"),
    "float TIFF of 0 to 1": lambda: encoded(
        Image.fromarray(np.asarray(picture().convert("L")) / np.float32(255)), "TIFF"
    ),
    "12-bit values in a 16-bit TIFF": lambda: encoded(
        Image.fromarray(np.asarray(picture().convert("L")).astype(np.uint16) * 16), "TIFF"
    ),
}
COLOURS: dict[str, Callable[[], bytes]] = {
    "palette PNG": lambda: encoded(picture().quantize(256), "PNG"),
    "CMYK JPEG": lambda: encoded(picture().convert("CMYK"), "JPEG"),
    "CMYK TIFF": lambda: encoded(picture().convert("CMYK"), "TIFF"),
    "YCbCr TIFF": lambda: encoded(picture().convert("YCbCr"), "TIFF"),
    "LAB TIFF": lambda: encoded(
        ImageCms.applyTransform(
            picture(),
            ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"),
        )
        or picture(),
        "TIFF",
    ),
    "progressive JPEG": lambda: encoded(picture(), "JPEG", progressive=True),
    "4:4:4 JPEG": lambda: encoded(picture(), "JPEG", subsampling=0),
    "JPEG in RGB": lambda: encoded(picture(), "JPEG", keep_rgb=True),
    "lossless WebP": lambda: encoded(picture(), "WEBP", lossless=True),
    "interlaced GIF": lambda: encoded(picture(), "GIF", interlace=1),
    "animated GIF": lambda: encoded(picture(), "GIF", save_all=True, append_images=[Image.new("RGB", picture().size)]),
    "animated WebP": lambda: encoded(
        picture(), "WEBP", save_all=True, append_images=[Image.new("RGB", picture().size)]
    ),
    "animated PNG": lambda: encoded(picture(), "PNG", save_all=True, append_images=[Image.new("RGB", picture().size)]),
    "multi-page TIFF": lambda: encoded(picture(), "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
    "multi-picture JPEG": lambda: encoded(
        picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480))]
    ),
    "TIFF of 16 bits, colour after colour": lambda: deep_planes(picture(), "<"),
    "the same, big-endian": lambda: deep_planes(picture(), ">"),
    "big-endian LZW TIFF": lambda: encoded(picture(), "TIFF", compression="tiff_lzw", big_tiff=True),
}


@pytest.mark.parametrize("name", GREYS)
def test_grey_pictures_of_any_depth_keep_their_tones(name: str) -> None:
    view = decode_picture(GREYS[name](), RESNET).views[0]
    expected = decode_picture(GREYS["grey PNG"](), RESNET).views[0]
    assert likeness(view, expected) > 0.98
    assert abs(float(view.mean()) - float(expected.mean())) < 12, "neither clipped nor dark"


def test_grey_values_of_an_unknown_range_are_stretched_over_the_whole_range() -> None:
    deep = np.asarray(picture().convert("L")).astype(np.int32) * 70_000
    view = decode_picture(encoded(Image.fromarray(deep), "TIFF"), RESNET).views[0]
    assert likeness(view, decode_picture(GREYS["grey PNG"](), RESNET).views[0]) > 0.98
    assert view.max() > 230


@pytest.mark.parametrize("name", COLOURS)
def test_colour_pictures_of_any_mode_look_alike(name: str) -> None:
    view = decode_picture(COLOURS[name](), RESNET).views[0]
    assert likeness(view, upright_view()) > 0.95
    assert abs(float(view.mean()) - float(upright_view().mean())) < 12


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_parts_are_white(kind: str) -> None:
    view = decode_picture(encoded(with_alpha(picture()), kind), RESNET).views[0]
    assert view[:, 130:].min() > 240
    assert likeness(view[:, :100], upright_view()[:, :100]) > 0.95


def test_a_transparent_colour_of_a_palette_is_white() -> None:
    palette = picture().quantize(4)
    palette.info["transparency"] = 0
    view = decode_picture(encoded(palette, "PNG", transparency=0), RESNET).views[0]
    assert (view.min(axis=2) > 250).any()


def test_one_bit_pictures_are_black_and_white() -> None:
    view = decode_picture(encoded(picture().convert("1"), "TIFF"), RESNET).views[0]
    assert view.max() > 200
    assert view.min() < 50


def wide_gamut_profile() -> bytes:
    """sRGB with red and blue exchanged: no camera has it, but nobody can overlook whether it was applied."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colours_are_brought_to_srgb_by_the_profile(kind: str) -> None:
    view = decode_picture(encoded(picture(), kind, icc_profile=wide_gamut_profile()), RESNET).views[0]
    assert likeness(view, upright_view()[..., ::-1]) > 0.97


def test_a_broken_profile_is_no_reason_to_lose_the_picture() -> None:
    view = decode_picture(encoded(picture(), "JPEG", icc_profile=b"not a profile" * 20), RESNET).views[0]
    assert likeness(view, upright_view()) > 0.98


@pytest.mark.parametrize("suffix", ["", ".png", ".heic", ".dng", ".tif"])
def test_a_wrong_suffix_does_not_matter(suffix: str) -> None:
    assert decode_picture(encoded(picture(), "JPEG"), RESNET, suffix=suffix).media_format == "jpeg"


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"", "empty"),
        (b"\0" * 4096, "zeros"),
        (b"<html><body>404</body></html>", "html"),
        (b"not a picture at all", "text"),
        (b"%PDF-1.4", "pdf"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(data: bytes, content: str) -> None:
    assert refusal(data, suffix=".jpg") == Reason.of("skip.wrong-content", content=content, suffix=".jpg")
    assert refusal(data) == Reason.of("skip.no-picture", content=content)


REFUSED: dict[str, Callable[[], bytes]] = {
    "skip.no-header": lambda: b"GIF89a\1\0",
    "skip.rows-missing": lambda: encoded(picture(), "PNG")[:60],
    "skip.cut-off": lambda: encoded(picture(), "JPEG")[:300],
    "skip.cut-short": lambda: encoded(picture(), "TIFF", compression="tiff_lzw")[:3000],
    "skip.unsupported": lambda: b"BM" + b"\0" * 12 + b"(\0\0\0" + b"\1\0\0\0" * 2 + b"\1\0\3\0" + b"\0" * 24,
    "skip.damaged": lambda: encoded(picture(), "WEBP").replace(b"\x9d\x01\x2a", b"\xff" * 3, 1),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_a_person_can_do_decides_why_a_file_is_refused(code: str) -> None:
    assert refusal(REFUSED[code]()).code == code


def test_a_broken_header_asks_for_no_memory() -> None:
    """WebP's decoder says the same of both."""
    with pytest.raises(UndecodableError) as refused:
        decode_picture(REFUSED["skip.damaged"](), RESNET)
    assert not isinstance(refused.value.__cause__, MemoryError)


def test_a_sound_tiff_of_an_unknown_kind_is_not_called_damaged() -> None:
    """Colours in floating point, as programs for high dynamic range write them."""
    data = bytearray(encoded(picture(), "TIFF"))
    bits_at = data.index(struct.pack("<HHI", 258, 3, 3)) + 8
    (values_at,) = struct.unpack_from("<I", data, bits_at)
    struct.pack_into("<HHH", data, values_at, 64, 64, 64)
    assert refusal(bytes(data)) == Reason.of("skip.unsupported", format="TIFF", detail="unknown pixel mode")


def test_a_picture_that_found_no_memory_is_not_called_damaged() -> None:
    """The reading process tells the two apart by the cause. Here: a tile of 2^60 pixels."""
    fields = {256: 300, 257: 300, 258: 8, 259: 8, 262: 1, 277: 1, 322: 1 << 30, 323: 1 << 30, 324: 200, 325: 100}
    tags = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in fields.items())
    with pytest.raises(UndecodableError) as caught:
        decode_picture(b"II*\0" + struct.pack("<IH", 8, len(fields)) + tags + bytes(400), RESNET)
    assert isinstance(caught.value.__cause__, MemoryError)


def refusal(data: bytes, suffix: str = "") -> Reason:
    with pytest.raises(UndecodableError) as caught:
        decode_picture(data, RESNET, suffix=suffix)
    return caught.value.reason


def verdict(data: bytes) -> str:
    """Warnings of a picture, or why it is none."""
    try:
        return "; ".join(decode_picture(data, RESNET).warnings)
    except UndecodableError as error:
        return load_wording().say(error.reason, "en")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"])
@pytest.mark.parametrize("kept", [12, 40, 200, 0.5])
def test_a_cut_off_file_is_shown_as_far_as_it_goes_or_refused(kind: str, kept: float) -> None:
    data = encoded(picture(), kind)
    cut = data[: int(kept * len(data)) if kept < 1 else int(kept)]
    told = verdict(cut)
    assert len(told) > 20
    assert "object at 0x" not in told


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_how_much_is_missing_is_said(kind: str) -> None:
    data = encoded(picture(), kind)
    decoded = decode_picture(data[: len(data) // 2], RESNET, thumbnail_px=224)
    (warning,) = decoded.warnings
    share = int(warning.split("%")[0].split()[-1])
    assert 30 <= share <= 70
    assert (decoded.width_px, decoded.height_px) == picture().size


def test_a_jpeg_of_which_hardly_anything_is_left_is_refused() -> None:
    data = encoded(picture(1344, 900), "JPEG", quality=95)
    with pytest.raises(UndecodableError, match=r"skip\.rows-missing \(percent=9\d\)"):
        decode_picture(data[: data.index(b"\xff\xda") + 200], RESNET)


def test_a_hole_in_a_jpeg_is_a_warning() -> None:
    data = bytearray(encoded(picture(), "JPEG", quality=95))
    middle = len(data) // 2
    data[middle : middle + 500] = b"\0" * 500
    assert decode_picture(bytes(data), RESNET).warnings


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    pixels = zlib.compress(b"\0" * 100)
    chunk = len(pixels).to_bytes(4, "big") + b"IDAT" + pixels + zlib.crc32(b"IDAT" + pixels).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + body + zlib.crc32(body).to_bytes(4, "big") + chunk


def jpeg_of_size(width: int, height: int, **options: object) -> bytes:
    data = bytearray(encoded(picture(64, 64), "JPEG", **options))
    frame = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    data[frame + 5 : frame + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def webp_of_size(width: int, height: int) -> bytes:
    data = bytearray(encoded(with_alpha(picture(64, 64)), "WEBP"))
    data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


BOMBS = {
    "PNG": png_header(60_000, 60_000),
    "JPEG": jpeg_of_size(65_000, 65_000),
    "progressive JPEG": jpeg_of_size(16_000, 16_000, progressive=True),
    "WebP": webp_of_size(16_000, 16_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(name: str) -> None:
    """The reason names the size and the limit."""
    told = refusal(BOMBS[name])
    values: dict[str, Any] = dict(told.values)
    assert told.code == "skip.too-many-pixels"
    assert values["width_px"] == values["height_px"] >= 16_000
    assert values["millions"] in (120, 300)


def test_the_pixel_limit_can_be_chosen() -> None:
    with pytest.raises(UndecodableError, match="height_px=300, millions=0, width_px=448"):
        decode_picture(encoded(picture(), "PNG"), RESNET, pixel_limit=100_000)


def test_a_jpeg_made_of_endless_scans_is_refused() -> None:
    data = encoded(picture(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(UndecodableError, match=r"skip\.too-many-scans"):
        decode_picture(data[:-2] + data[last:-2] * 200 + data[-2:], RESNET)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2), (223, 225), (10_000, 40)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_strangest_sizes_work(kind: str, size: tuple[int, int]) -> None:
    decoded = decode_picture(encoded(Image.new("RGB", size, (200, 100, 50)), kind), RESNET, thumbnail_px=320)
    assert decoded.views.shape[1:] == (224, 224, 3)
    assert (decoded.width_px, decoded.height_px) == size
    assert np.abs(decoded.views.reshape(-1, 3).mean(axis=0) - (200, 100, 50)).max() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_thumbnail_is_a_small_upright_jpeg(orientation: int) -> None:
    data = encoded(stored(picture(), orientation), "JPEG", exif=exif(orientation))
    thumbnail = unpacked(decode_picture(data, RESNET, thumbnail_px=160).thumbnail)
    expected = np.asarray(picture().resize(thumbnail.shape[1::-1], Image.Resampling.BILINEAR))
    assert abs(max(thumbnail.shape) - 160) <= 1
    assert likeness(thumbnail, expected) > 0.97


def test_no_thumbnail_is_made_unasked_and_none_is_blown_up() -> None:
    data = encoded(picture(40, 30), "PNG")
    assert decode_picture(data, RESNET).thumbnail == b""
    assert unpacked(decode_picture(data, RESNET, thumbnail_px=320).thumbnail).shape == (30, 40, 3)


def test_missing_jpeg_xl_support_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_jxl", None)
    assert refusal(b"\xff\x0a\xfa\x7f" + b"\0" * 60) == Reason.of("skip.needs-jxl")


def test_a_jpeg_xl_is_decoded_where_its_package_is_installed() -> None:
    pytest.importorskip("pillow_jxl", reason="the extra `jxl` is not installed")
    decoded = decode_picture(encoded(picture(), "JXL"), RESNET)
    assert likeness(decoded.views[0], upright_view()) > 0.98


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_kept_as_jpeg_xl_is_turned_by_its_exif(orientation: int, tmp_path: Path) -> None:
    """The decoder gives back the very JPEG, not turned; most JPEG XL files of people were JPEGs."""
    pytest.importorskip("pillow_jxl", reason="the extra `jxl` is not installed")
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(stored(picture(), orientation), "JPEG", exif=exif(orientation)))
    with Image.open(path) as image:
        data = encoded(image, "JXL", lossless_jpeg=True)
    decoded = decode_picture(data, RESNET)
    assert (decoded.media_format, decoded.width_px, decoded.height_px) == ("jxl", *picture().size)
    assert likeness(decoded.views[0], upright_view()) > 0.98


def test_a_damaged_jpeg_xl_is_refused_in_few_words() -> None:
    pytest.importorskip("pillow_jxl", reason="the extra `jxl` is not installed")
    damaged = encoded(picture(), "JXL")[:3000]
    assert refusal(damaged) == Reason.of("skip.damaged-or-cut", format="JXL")


def test_threads_do_not_disturb_each_other() -> None:
    """A damaged file among good ones leaves its warning on itself alone."""
    good, damaged = encoded(picture(), "PNG"), encoded(picture(), "PNG")[:-9000]
    with ThreadPoolExecutor(4) as pool:
        decoded = list(pool.map(lambda data: decode_picture(data, RESNET), [good, damaged] * 12))
    assert [bool(one.warnings) for one in decoded] == [False, True] * 12
    assert all((one.views == decoded[index % 2].views).all() for index, one in enumerate(decoded))


def test_a_stream_left_open_is_none_of_ours(recwarn: pytest.WarningsRecorder) -> None:
    """Libraries warn of odd tags and sizes; people see our warnings only."""
    odd = io.BytesIO()
    picture().save(odd, "TIFF", tiffinfo={270: "x" * 70000})
    decode_picture(odd.getvalue(), RESNET)
    assert not recwarn.list
