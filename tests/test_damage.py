"""Photos that decode only in part: filed by the part that is there, and listed, since a backup may have them whole."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from album_sort.containers.lengths import missing_tiff_share
from album_sort.core.damage import damage_reason
from album_sort.images import UndecodableError, decode_picture
from album_sort.types import DecodedPicture, PixelSource
from tests import pictures
from tests.builders import make_tree, picture_jpeg
from tests.conftest import Program
from tests.decode_samples import RESNET, encoded, jpeg_with_mpf_preview, jpeg_with_thumbnail, picture

SHIPPED = ("--model", "efficientnet-lite0", "--offline")
LARGE = (2400, 1600)


def seen(data: bytes) -> DecodedPicture:
    return decode_picture(data, RESNET)


def cut(data: bytes, kept: float) -> bytes:
    return data[: int(len(data) * kept)]


@cache
def noisy(width: int, height: int) -> Image.Image:
    """A picture whose bytes are spread evenly over its rows."""
    grain = np.random.default_rng(1).integers(0, 60, (height, width, 3), dtype=np.int16)
    return Image.fromarray(np.clip(np.asarray(picture(width, height)) + grain - 30, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("PNG", {}),
        ("GIF", {"interlace": 0}),
        ("BMP", {}),
        ("TIFF", {}),
        ("WEBP", {"quality": 90}),
        ("WEBP", {"lossless": True}),
    ],
)
@pytest.mark.parametrize("kept", [0.4, 0.66, 0.9])
def test_what_is_missing_of_a_cut_file_is_measured(kind: str, options: dict[str, object], kept: float) -> None:
    whole = encoded(noisy(600, 400), kind, **options)
    assert seen(whole).missing_share is None
    shown = seen(cut(whole, kept))
    assert shown.missing_share == pytest.approx(1 - kept, abs=0.06)
    assert (shown.width_px, shown.height_px) == (600, 400)


def test_a_cut_webp_shows_what_there_is_and_never_asks_for_more_memory() -> None:
    whole = encoded(noisy(600, 400), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    half_empty = cut(whole, 0.5) + bytes(len(whole) - int(len(whole) * 0.5))
    assert seen(half_empty).missing_share == pytest.approx(0.5, abs=0.06)
    assert seen(whole[:-9]).missing_share == 0  # only the metadata behind the picture
    with pytest.raises(UndecodableError) as refused:
        seen(cut(whole, 0.03))
    assert refused.value.reason.code == "skip.rows-missing"


@pytest.mark.parametrize(
    "make",
    [
        lambda: encoded(noisy(*LARGE), "JPEG", quality=90),  # the fast way at an eighth of the size
        lambda: jpeg_with_thumbnail(noisy(*LARGE), picture(336, 224)),
        lambda: jpeg_with_mpf_preview(noisy(*LARGE), picture(600, 400)),
    ],
    ids=["eighth", "thumbnail", "preview"],
)
def test_no_fast_way_hides_that_a_picture_is_cut(make: Callable[[], bytes]) -> None:
    whole = make()
    assert seen(whole).missing_share is None
    assert seen(cut(whole, 0.6)).missing_share == pytest.approx(0.4, abs=0.06)
    # what a download that was never finished leaves: the full length, with zeros behind
    assert seen(cut(whole, 0.6) + bytes(int(0.4 * len(whole)))).missing_share == pytest.approx(0.4, abs=0.06)


def test_a_hole_in_a_picture_is_found_behind_its_thumbnail() -> None:
    whole = bytearray(jpeg_with_thumbnail(noisy(*LARGE), picture(336, 224)))
    middle = len(whole) // 2
    whole[middle : middle + 200_000] = bytes(200_000)
    shown = seen(bytes(whole))
    assert shown.missing_share is not None
    assert shown.pixel_source is not PixelSource.EXIF_THUMBNAIL


def test_a_progressive_jpeg_that_is_cut_shows_all_rows_and_is_listed() -> None:
    shown = seen(cut(encoded(noisy(600, 400), "JPEG", progressive=True), 0.6))
    assert shown.missing_share == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("trailer", [b"", b"\xff\xd9", bytes(200), bytes(5000), b"trailer of a phone" * 9000])
def test_what_phones_put_behind_a_picture_is_no_damage(trailer: bytes) -> None:
    for whole in (encoded(noisy(600, 400), "JPEG"), jpeg_with_thumbnail(picture(*LARGE), picture(336, 224))):
        assert seen(whole + trailer).missing_share is None


def test_bytes_between_the_last_pixel_and_the_end_are_no_damage() -> None:
    whole = encoded(noisy(600, 400), "JPEG")
    assert seen(whole[:-2] + b"\0" * 6 + whole[-2:]).missing_share is None


def remembered(seed: int, size: int) -> None:
    """Leaves memory that is full of something, as it is of another photo's pixels."""
    noise = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    held = [noise.copy() for _ in range(40)]
    del held, noise


@pytest.mark.parametrize("kind", ["baseline", "progressive"])
@pytest.mark.parametrize("at", [0.3, 0.6])
def test_a_damaged_picture_never_shows_what_was_in_memory_before(kind: str, at: float) -> None:
    """A marker that no decoder knows, in the middle of the pixels: libjpeg gives up, and leaves the rows below untouched."""
    whole = encoded(noisy(600, 400), "JPEG", quality=90, progressive=kind == "progressive")
    middle = int(len(whole) * at)
    broken = whole[:middle] + b"\xff\x15\0\x04ab" + whole[middle:]
    outcomes: list[tuple[object, object]] = []
    for seed in range(3):
        remembered(seed, 600 * 400 * 3)
        try:
            outcomes.append((seen(broken).views.tobytes(), seen(broken).missing_share))
        except UndecodableError as error:
            outcomes.append((b"", str(error.reason)))
    assert len(set(outcomes)) == 1


def test_the_grey_rest_is_not_looked_at() -> None:
    """The network and the statistics see the part that is there, and nothing else."""
    for kept in (0.3, 0.5, 0.8):
        for view in seen(cut(encoded(noisy(600, 400), "JPEG", quality=95), kept)).views:
            rows = view.reshape(len(view), -1).astype(int)
            assert np.ptp(rows, axis=1).min() > 20


def test_the_directories_of_a_raw_tell_that_its_data_end_early() -> None:
    whole = encoded(noisy(600, 400), "TIFF")
    assert missing_tiff_share(whole) == 0
    assert (
        missing_tiff_share(cut(whole, 0.5)) == pytest.approx(0.5, abs=0.05) or missing_tiff_share(cut(whole, 0.5)) == 0
    )


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*", b"IIRO", b""]))
def test_directories_of_any_bytes_are_read_without_error(body: bytes, start: bytes) -> None:
    assert 0 <= missing_tiff_share(start + body) <= 1


@pytest.mark.parametrize(
    ("share", "code"),
    [
        (None, None),
        (0.0, "damage.visible"),
        (0.05, "damage.percent"),
        (0.25, "damage.quarter"),
        (0.333, "damage.third"),
        (0.5, "damage.half"),
        (0.66, "damage.two-thirds"),
        (0.75, "damage.three-quarters"),
        (0.9, "damage.percent"),
    ],
)
def test_damage_is_said_as_people_say_it(share: float | None, code: str | None) -> None:
    reason = damage_reason(share)
    assert (reason and reason.code) == code


# A whole run


def report_files(albums: Path) -> Path:
    return sorted((albums / ".album-sort" / "runs").glob("*/report.jsonl"))[-1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_damaged_photos_and_duplicates_are_listed_in_every_report(
    tmp_path: Path, album_sort: Program, lang: str
) -> None:
    cat, coffee = picture_jpeg(pictures.cat()), picture_jpeg(pictures.coffee())
    photos = make_tree(
        tmp_path / "Photos",
        {"cut.jpg": cut(cat, 0.5), "coffee.jpg": coffee, "backup/coffee again.jpg": coffee, "backup/linked.jpg": b""},
    )
    (photos / "backup/linked.jpg").unlink()
    os.link(photos / "coffee.jpg", photos / "backup/linked.jpg")
    albums = tmp_path / "Albums"
    ran = album_sort("sort", str(photos), "--out", str(albums), "--lang", lang, *SHIPPED)
    assert ran.code == 0, "a damaged photo is filed: nothing needs an operator"
    rows = [json.loads(line) for line in report_files(albums).read_text(encoding="utf-8").splitlines()]
    by_name = {Path(row["source"]).name: row for row in rows if row["type"] == "photo"}
    damaged = by_name["cut.jpg"]
    assert damaged["damaged"] is True
    assert 0.3 < damaged["damaged_share"] < 0.7
    assert {"en": "look for it in a backup", "zh": "备份"}[lang] in damaged["why"][-1]
    assert (albums / damaged["path"]).read_bytes() == cut(cat, 0.5)
    assert "damaged" not in by_name["coffee.jpg"]
    again, linked = by_name["coffee again.jpg"], by_name["linked.jpg"]
    assert again["duplicate_of"] == linked["duplicate_of"] == str(photos / "coffee.jpg")
    assert (again["size_bytes"], again["freed_bytes"], linked["freed_bytes"]) == (len(coffee), len(coffee), 0)
    totals = rows[-1]["totals"]
    assert (totals["damaged"], totals["duplicates"], totals["duplicate_bytes"]) == (1, 2, len(coffee))

    with report_files(albums).with_name("report.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = {Path(row["source"]).name: row for row in csv.DictReader(stream)}
    assert (cells["cut.jpg"]["damaged"], cells["coffee.jpg"]["damaged"]) == ("true", "")
    assert float(cells["cut.jpg"]["damaged_share"]) == damaged["damaged_share"]
    assert cells["coffee again.jpg"]["duplicate_of"] == str(photos / "coffee.jpg")

    page = report_files(albums).with_name("report.html").read_text(encoding="utf-8")
    listed = page[page.index('<h3 id="damaged">') :]
    assert listed.index("cut.jpg") < listed.index("</ul>")
    assert f'"d": "{photos / "coffee.jpg"}"' in page.replace('":"', '": "') or str(photos / "coffee.jpg") in page
    assert "cut.jpg" in ran.stdout, "the summary names it"

    second = album_sort("sort", str(photos), "--out", str(albums), "--lang", lang, *SHIPPED)
    assert "cut.jpg" in second.stdout, "it is known from the cache, and told again"
    make_tree(photos, {"new.jpg": picture_jpeg(pictures.flower())})
    album_sort("sort", str(photos), "--out", str(albums), "--lang", lang, *SHIPPED)
    rows = [json.loads(line) for line in report_files(albums).read_text(encoding="utf-8").splitlines()]
    assert [row["source"] for row in rows if row.get("damaged")] == [str(photos / "cut.jpg")]


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8])
def test_of_an_interlaced_gif_the_lines_that_were_read_are_shown(kept: float) -> None:
    shown = seen(cut(encoded(noisy(600, 400), "GIF", interlace=1), kept))
    assert shown.missing_share is not None
    assert shown.missing_share > 0.1 or kept == 0.8
    assert all(np.ptp(row) > 20 for row in shown.views[0].reshape(224, -1).astype(int))
