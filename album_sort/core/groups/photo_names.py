"""What file names say about belonging together: versions and edits of one photo share a key, counters set photos apart."""

from __future__ import annotations

import re
from typing import NamedTuple

from album_sort.core.file_names import fold, split_suffix
from album_sort.core.groups.proxies import PROXY_SUFFIXES, film_of, may_be_proxy

# What stands behind the last `-`, `_` or blank of an edited copy: Google Photos in its languages, Apple Photos
# (`_edited`), Lightroom (`-Edit`). A set, because an expression with all words takes most of the time of grouping.
# Where Takeout's JSON files are at hand no list is needed (`core/groups/takeout_edits.py`).
_EDIT_WORDS = frozenset(
    """
    edited edit effects smile mix bearbeitet modifié editado editada editat modificato bewerkt edytowane edytowano redigerad
    redigeret redigert muokattu upraveno upravené düzenlendi изменено отредактировано відредаговано редактирано 編集済み
    已修改 已编辑 已編輯 수정됨 szerkesztett szerkesztve επεξεργασμένο επεξεργασία diedit แก้ไข נערך معدل uređeno urejeno
    redaguota rediģēts muudetud breytt
    """.split()  # noqa: SIM905  # a word per line would hide that this is one short list
)
# Those of several words, behind the last `-`.
_EDIT_PHRASES = frozenset(("ha editado", "đã chỉnh sửa", "a été modifié"))
# Google Takeout cuts names so long, through the mark of an edit if need be: `...-edi.jpg`.
TAKEOUT_STEM = 47
_COUNTER = re.compile(r"\((\d{1,4})\)$", re.ASCII)
# Apple: `IMG_E1234` is the edited `IMG_1234`; `IMG_O1234.AAE` describes the edits of its original.
_APPLE_VERSION = re.compile(r"([a-z]{3}_)([eo])(\d{4,})", re.ASCII)
# Pixel phones add words after the time stamp: `.MP`, `.PORTRAIT-01.COVER`, `.RAW-02.ORIGINAL`; `~2` is an edited copy.
_PIXEL = re.compile(r"(pxl_\d{8}_\d{6,9})((?:\.[a-z0-9\-.]+)?)(~\d)?", re.ASCII)
_MOTION_MARKS = ("mvimg_",)
_APPLE_MARKS = ("_e", "_o")
_DIGITS = frozenset("0123456789")


class PhotoName(NamedTuple):
    """A file name taken apart."""

    key: str
    """Equal for all versions of one photo in a folder: no suffix, no edit mark, folded case; the counter stays."""
    is_edited: bool
    is_motion: bool
    """The name itself says that a short video belongs to the still (`MVIMG_`, `.MP`)."""
    is_proxy: bool = False
    """A small copy or thumbnail of the film of that key."""


def photo_name(name: str) -> PhotoName:
    """The parts of a photo's or video's file name."""
    stem, suffix = split_suffix(fold(name))
    if suffix in PROXY_SUFFIXES or may_be_proxy(stem) or stem.endswith("_thm"):
        film, is_proxy = film_of(stem, suffix)
        if is_proxy or film != stem:
            return PhotoName(film, is_edited=False, is_motion=False, is_proxy=is_proxy)
    if _is_plain(stem):
        return PhotoName(stem, is_edited=False, is_motion=False)
    stem, counter = split_counter(stem)
    stem, is_edited = without_edit_mark(stem)
    if is_edited and not counter:
        stem, counter = split_counter(stem)
    is_motion = stem.startswith(_MOTION_MARKS) or stem.endswith(".mp")
    stem = stem.removesuffix(".mp").removesuffix("_hevc")
    if stem.startswith("mvimg_"):
        stem = stem[2:]
    pixel = _PIXEL.fullmatch(stem) if stem.startswith("pxl_") else None
    if pixel:
        is_motion = is_motion or ".mp" in pixel[2]
        is_edited = is_edited or bool(pixel[3])
        stem = pixel[1]
    return PhotoName(stem + counter, is_edited, is_motion)


def _is_plain(stem: str) -> bool:
    """Whether a (folded) stem bears no mark: most end in a number, as only Apple's and a Pixel's marks do."""
    return (
        stem[-1:] in _DIGITS
        and stem[3:5] not in _APPLE_MARKS
        and "~" not in stem
        and not stem.startswith(_MOTION_MARKS)
        and not (stem.startswith("pxl_") and "." in stem)
    )


def split_counter(stem: str) -> tuple[str, str]:
    """Stem and the counter that a clash of names left at its end: `(1)`, or nothing."""
    match = _COUNTER.search(stem) if stem.endswith(")") else None
    return (stem[: match.start()].rstrip(), match[0]) if match else (stem, "")


def without_edit_mark(stem: str) -> tuple[str, bool]:
    """The (folded) stem of the original, and whether this one is marked as edited."""
    at = max(stem.rfind("-"), stem.rfind("_"), stem.rfind(" "))
    if at > 0 and stem[at + 1 :] in _EDIT_WORDS:
        return stem[:at].removesuffix("-ha"), True  # Spanish: `-ha editado`
    at = stem.rfind("-")
    if at > 0 and stem[at + 1 :] in _EDIT_PHRASES:
        return stem[:at], True
    if at > 0 and len(stem) == TAKEOUT_STEM and _is_cut_mark(stem[at + 1 :]):
        return stem[:at], True
    apple = _APPLE_VERSION.fullmatch(stem) if stem[3:5] in _APPLE_MARKS else None
    return (apple[1] + apple[3], apple[2] == "e") if apple else (stem, False)


def _is_cut_mark(tail: str) -> bool:
    """Whether a name cut off by Takeout ends within the mark of an edit."""
    return bool(tail) and any(word.startswith(tail) for word in (*_EDIT_WORDS, *_EDIT_PHRASES))
