"""What every file format promises: a format is tested here because it is in the tables.

The samples of photos are in tests/format_samples.py: a new format needs one.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from album_sort.classifier.labels import load_wording
from album_sort.core.formats import FORMATS, HEAD_BYTES, MediaFormat, describe, kind_of_suffix, misfit_of_suffix, sniff
from album_sort.images import UndecodableError, decode_picture
from album_sort.images.loaders import LOADERS
from album_sort.metadata.files import read_metadata
from album_sort.types import LANGUAGES, FileKind, TimeSource
from tests.decode_samples import RESNET, encoded, likeness, picture
from tests.exif_builders import exif_block
from tests.format_samples import SAMPLES

BY_NAME = {media.name: media for media in FORMATS}
PHOTOS = [media.name for media in FORMATS if media.kind in (FileKind.PHOTO, FileKind.RAW)]
WITH_PICTURE = [name for name in PHOTOS if SAMPLES[name].picture]
WITH_EXIF = [name for name in PHOTOS if SAMPLES[name].with_exif]

each_format = pytest.mark.parametrize("name", BY_NAME)


def sample_of(name: str, turn: int = 1) -> bytes:
    make = SAMPLES[name].picture
    assert make is not None
    if name == "jxl":
        pytest.importorskip("pillow_jxl", reason="the extra `jxl` is not installed")
    return make(picture(), turn)


def heads_of(media: MediaFormat) -> list[bytes]:
    """The beginnings by which a format is told, each made from its row."""
    heads = []
    for at, magic in media.signatures:
        head = bytearray(HEAD_BYTES)
        head[: len(media.container)] = media.container
        head[at : at + len(magic)] = magic
        heads.append(bytes(head))
    heads += [struct.pack(">I4s4s4x4s", 20, b"ftyp", brand.encode(), b"miaf") for brand in media.brands]
    if media.is_that:
        heads.append(SAMPLES[media.name].head)
    if media.tiff_based:
        heads += [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]
    return heads


# What the core says of it -------------------------------------------------------------------------------------------------


@each_format
def test_it_is_told_by_its_content(name: str) -> None:
    """Whatever the suffix says, but for formats of which the content alone is not proof."""
    media = BY_NAME[name]
    wants_suffix = media.tiff_based or media.needs_suffix
    assert bool(heads_of(media)) is (media.kind is not FileKind.SIDECAR)
    for head in heads_of(media):
        for suffix in media.suffixes if wants_suffix else ("", ".jpg", ".mov", ".txt", *media.suffixes):
            assert sniff(head, suffix) is media
            assert media.needs_suffix or describe(head) in ("photo", "raw", "video")


@each_format
def test_its_suffixes_promise_its_kind_and_fit_it(name: str) -> None:
    media = BY_NAME[name]
    assert media.suffixes
    for suffix in media.suffixes:
        assert kind_of_suffix(suffix) is kind_of_suffix(suffix.upper()) is media.kind
        assert misfit_of_suffix(suffix, name) == 0
    assert misfit_of_suffix(".txt", name) > 0


# How its pixels are read --------------------------------------------------------------------------------------------------


def test_each_photo_format_has_a_loader_and_a_sample_and_nothing_else_has() -> None:
    assert set(LOADERS) == set(PHOTOS)
    assert set(PHOTOS) <= set(SAMPLES)
    for name in PHOTOS:
        assert SAMPLES[name].picture or SAMPLES[name].why


@pytest.mark.parametrize("name", WITH_PICTURE)
def test_its_picture_is_decoded_as_it_is(name: str) -> None:
    decoded = decode_picture(sample_of(name), RESNET, suffix=BY_NAME[name].suffixes[0], thumbnail_px=128)
    expected = decode_picture(encoded(picture(), "PNG"), RESNET)
    assert (decoded.media_format, decoded.width_px, decoded.height_px) == (name, *picture().size)
    assert decoded.views.shape == expected.views.shape
    assert likeness(decoded.views[0], expected.views[0]) > 0.98
    assert decoded.thumbnail.startswith(b"\xff\xd8")
    assert decoded.warnings == ()


@pytest.mark.parametrize("turn", [3, 6, 8])
@pytest.mark.parametrize("name", WITH_PICTURE)
def test_its_picture_is_turned_upright_once(name: str, turn: int) -> None:
    decoded = decode_picture(sample_of(name, turn), RESNET, suffix=BY_NAME[name].suffixes[0])
    expected = decode_picture(encoded(picture(), "PNG"), RESNET)
    assert (decoded.width_px, decoded.height_px) == picture().size
    assert likeness(decoded.views[0], expected.views[0]) > 0.98


@pytest.mark.parametrize("kept", [0, 1, 16, 63, 64, 200, 0.3, 0.9])
@pytest.mark.parametrize("name", WITH_PICTURE)
def test_one_that_is_cut_off_is_shown_in_part_or_refused_in_words(name: str, kept: float) -> None:
    data = sample_of(name)
    look_at(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)], name)


@settings(max_examples=10, deadline=None)
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=20))
@pytest.mark.parametrize("name", WITH_PICTURE)
def test_one_that_is_damaged_is_shown_or_refused_in_words(name: str, flips: list[tuple[float, int]]) -> None:
    data = bytearray(sample_of(name))
    for place, flip in flips:
        data[int(place * len(data))] ^= flip
    look_at(bytes(data), name)


@pytest.mark.parametrize("name", PHOTOS)
def test_a_head_without_a_picture_is_refused_in_words(name: str) -> None:
    for head in heads_of(BY_NAME[name]):
        look_at(head, name)


def look_at(data: bytes, name: str) -> None:
    """Either a picture, or a reason that has a sentence in both languages."""
    try:
        decode_picture(data, RESNET, suffix=BY_NAME[name].suffixes[0])
    except UndecodableError as error:
        for lang in LANGUAGES:
            assert load_wording().say(error.reason, lang)  # noqa: PT017 - some are decoded


# Where its EXIF is --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PHOTOS)
def test_a_format_with_a_place_for_exif_has_a_sample_of_it(name: str) -> None:
    assert BY_NAME[name].holds_exif or not SAMPLES[name].with_exif
    assert not BY_NAME[name].holds_exif or SAMPLES[name].with_exif or SAMPLES[name].why


@pytest.mark.parametrize("name", WITH_EXIF)
def test_its_exif_is_found(name: str) -> None:
    make = SAMPLES[name].with_exif
    assert make is not None
    metadata = read_metadata(make(exif_block({271: "Maker"}, {36867: "2025:12:30 10:14:00"})), name)
    assert metadata.camera_make == "Maker"
    assert [found.source for found in metadata.time_candidates] == [TimeSource.EXIF_ORIGINAL]


@pytest.mark.parametrize("name", [name for name in PHOTOS if not BY_NAME[name].holds_exif])
def test_without_a_place_for_exif_what_looks_like_it_is_chance(name: str) -> None:
    data = sample_of(name) + exif_block({271: "Maker"}, {36867: "2025:12:30 10:14:00"})
    assert not read_metadata(data, name).camera_make
