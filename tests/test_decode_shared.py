"""The development photos: hostile files never do harm, and the same photo looks the same however it is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from album_sort.classifier.labels import load_wording
from album_sort.images import UndecodableError, decode_picture
from album_sort.images.heif import full_picture, load_heif
from album_sort.images.pixels import PIXEL_LIMIT, Pixels, Request
from album_sort.images.views import make_views
from album_sort.types import PixelSource
from tests.decode_samples import RESNET, likeness

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="the development photos (../shared/photos) are not here"),
]


def files(folder: str, pattern: str = "*") -> Iterator[Path]:
    return (path for path in sorted((PHOTOS / folder).rglob(pattern)) if path.is_file())


def test_every_hostile_file_is_decoded_or_refused_with_a_reason_and_soon() -> None:
    for path in files("nasty"):
        started = time.monotonic()
        try:
            decoded = decode_picture(path.read_bytes(), RESNET, suffix=path.suffix.lower(), thumbnail_px=320)
        except UndecodableError as refusal:
            reason = load_wording().say(refusal.reason, "en")
            assert not reason.startswith("skip."), path
            assert path.name not in reason
            assert "object at 0x" not in reason
        else:
            assert decoded.views.shape[1:] == (224, 224, 3), path
        assert time.monotonic() - started < 10, path


ORIENTATION_SETS = [
    *(("nasty/orientation", f"{shape}_*.jpg") for shape in ("Landscape", "Portrait")),
    *(("nasty/exif_samples/jpg/orientation", f"{shape}_*.jpg") for shape in ("landscape", "portrait")),
    ("nasty/pillow", "hopper_orientation_*.webp"),
]


@pytest.mark.parametrize(("folder", "pattern"), ORIENTATION_SETS)
def test_all_orientations_of_a_photo_are_the_same_photo(folder: str, pattern: str) -> None:
    views = [decode_picture(path.read_bytes(), RESNET).views[0] for path in files(folder, pattern)]
    if not views:
        pytest.skip(f"no {pattern} in {folder}")
    assert len(views) >= 7
    for view in views[1:]:
        assert likeness(view, views[0]) > 0.9


def timed(load: Callable[[bytes, Request], Pixels], data: bytes, request: Request) -> tuple[float, Pixels]:
    """Seconds, and what came of it."""
    started = time.perf_counter()
    pixels = load(data, request)
    return time.perf_counter() - started, pixels


HEICS = [path for path in files("personal") if path.suffix.lower() == ".heic"]


@pytest.mark.parametrize("path", HEICS, ids=lambda path: path.name)
def test_the_thumbnail_of_a_heic_shows_what_the_picture_shows(path: Path) -> None:
    """Where it has a usable one, the thumbnail agrees with the full decode and is at least twenty times as fast."""
    data, request = path.read_bytes(), Request(RESNET, PIXEL_LIMIT, None)
    short_s, thumbnail = min((timed(load_heif, data, request) for _ in range(5)), key=lambda run: run[0])
    if thumbnail.source is not PixelSource.HEIF_THUMBNAIL:
        pytest.skip("no usable thumbnail in this file")
    long_s, full = timed(full_picture, data, request)
    assert (full.width_px, full.height_px) == (thumbnail.width_px, thumbnail.height_px)
    assert likeness(make_views(full, RESNET).views[0], make_views(thumbnail, RESNET).views[0]) > 0.95
    assert long_s > 20 * short_s
