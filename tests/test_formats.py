"""Formats are told by content; suffixes only promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.core.formats import FORMATS, HEAD_BYTES, describe, kind_of_suffix, sniff
from album_sort.types import FileKind

BY_CONTENT = {
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "gif": b"GIF89a\x01\0\x01\0",
    "bmp": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    "tiff": b"MM\0*\0\0\0\x08",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "heif": b"\0\0\0\x14ftypmif1\0\0\0\0mif1",
    "avif": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf",
    "jxl": b"\xff\x0a\xfa\x7f",
    "cr2": b"II*\0\x10\0\0\0CR\x02\0",
    "cr3": b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
    "raf": b"FUJIFILMCCD-RAW 0201",
    "orf": b"IIRO\x08\0\0\0",
    "rw2": b"IIU\0\x08\0\0\0",
    "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "mp4": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41",
    "m4v": b"\0\0\0\x1cftypM4V \0\0\0\0M4V mp42isom",
    "3gp": b"\0\0\0\x18ftyp3gp4\0\0\0\x003gp4isom",
    "avi": b"RIFF\x10\0\0\0AVI LIST",
    "mkv": b"\x1aE\xdf\xa3\x01\0\0\0",
    "mpg": b"\0\0\x01\xba\x44\0\x04\0",
}


@pytest.mark.parametrize(("name", "head"), list(BY_CONTENT.items()), ids=list(BY_CONTENT))
def test_a_format_is_told_by_its_content_whatever_the_suffix(name: str, head: bytes) -> None:
    for suffix in ("", ".jpg", ".heic", ".txt"):
        found = sniff(head.ljust(HEAD_BYTES, b"\0"), suffix)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("suffix", [".nef", ".arw", ".dng", ".pef", ".srw"])
def test_raw_formats_that_look_like_tiff_are_told_by_their_suffix(suffix: str) -> None:
    found = sniff(b"II*\0\x08\0\0\0", suffix)
    assert found is not None
    assert (found.name, found.kind) == (suffix[1:], FileKind.RAW)


def test_a_raw_suffix_alone_proves_nothing() -> None:
    assert sniff(b"<html>", ".nef") is None


def test_a_picture_with_a_raw_suffix_is_still_a_picture() -> None:
    found = sniff(BY_CONTENT["jpeg"], ".nef")
    assert found is not None
    assert found.name == "jpeg"


def test_an_mpeg_stream_needs_its_suffix_because_one_letter_is_no_proof() -> None:
    assert sniff(b"G@\0\x10", "") is None
    found = sniff(b"G@\0\x10", ".mts")
    assert found is not None
    assert found.kind is FileKind.VIDEO


def test_words_that_begin_with_bm_are_no_bitmap() -> None:
    assert sniff(b"BMW repair bills of last year, all of them in one place") is None


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (".JPG", FileKind.PHOTO),
        (".heic", FileKind.PHOTO),
        (".CR2", FileKind.RAW),
        (".mov", FileKind.VIDEO),
        (".xmp", FileKind.SIDECAR),
        (".AAE", FileKind.SIDECAR),
        (".thm", FileKind.SIDECAR),
        (".txt", None),
        ("", None),
    ],
)
def test_a_suffix_promises_a_kind(suffix: str, kind: FileKind | None) -> None:
    assert kind_of_suffix(suffix) is kind


def test_no_suffix_and_no_name_is_used_twice() -> None:
    suffixes = [suffix for media in FORMATS for suffix in media.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert len(FORMATS) == len({media.name for media in FORMATS})
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"", "empty"),
        (b"\0" * 64, "zeros"),
        (b"<!DOCTYPE html><html>", "html"),
        (b"\xef\xbb\xbf\n<html lang=en>", "html"),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf"),
        (b'{"title": "IMG_1.jpg"}', "json"),
        (b"<?xpacket begin=", "xmp"),
        (b"Dear diary,\ntoday", "text"),
        ("日記".encode() * 20, "text"),
        (b"\xff\xd8", "unknown"),
        (b"\x01\x02\x03\x04", "unknown"),
        (BY_CONTENT["mov"], "video"),
    ],
)
def test_what_is_no_picture_is_named(head: bytes, word: str) -> None:
    assert describe(head[:HEAD_BYTES]) == word


@given(st.binary(max_size=HEAD_BYTES), st.sampled_from(["", ".jpg", ".nef", ".mts", ".heic"]))
def test_any_bytes_are_judged_without_error(head: bytes, suffix: str) -> None:
    sniff(head, suffix)
    assert describe(head)
