"""Small copies and thumbnails that cameras write beside a film: they belong to it and are not photos of their own."""

from __future__ import annotations

import re

# GoPro and Insta360; DJI.
PROXY_SUFFIXES = frozenset((".lrv", ".lrf"))

# The folded stem of a proxy, and the stem of its film.
_NAMED = (
    (re.compile(r"(.*c\d{4})[ts]\d\d", re.ASCII), r"\1"),  # Sony: C0001T01.JPG and C0001S03.MP4 of C0001.MP4
    (re.compile(r"lrv_(\d{8}_\d{6})_\d\d_(\d{3})", re.ASCII), r"vid_\1_00_\2"),  # Insta360, also as .mp4 and .insv
    (re.compile(r"(.+)_thm", re.ASCII), r"\1"),  # Xiaomi Yi: YDXJ0001_thm.mp4
)
# GoPro: GL010123.LRV of GX010123.MP4 (HEVC) or GH010123.MP4 (AVC); chapter and number are the same.
_GOPRO = re.compile(r"g([xhl])(\d{6})", re.ASCII)
# Sony: what is known of the film, `C0001M01.XML`.
_ABOUT_A_FILM = re.compile(r"(.*c\d{4})m\d\d", re.ASCII)


def film_of(stem: str, suffix: str) -> tuple[str, bool]:
    """The key that a film and its proxies share, and whether this is a proxy; by folded stem and suffix."""
    gopro = _GOPRO.fullmatch(stem)
    if gopro:
        return f"gx{gopro[2]}", gopro[1] == "l" or suffix in PROXY_SUFFIXES
    for pattern, film in _NAMED:
        match = pattern.fullmatch(stem)
        if match:
            return match.expand(film), True
    return stem, suffix in PROXY_SUFFIXES


def may_be_proxy(stem: str) -> bool:
    """A quick look at a folded stem that ends in a number: whether `film_of` may have something to say."""
    return stem[:1] == "g" or stem[-3:-2] in ("t", "s") or stem.startswith("lrv_")


def film_described(stem: str) -> str:
    """The stem of the film that a file of this folded stem describes."""
    match = _ABOUT_A_FILM.fullmatch(stem)
    return match[1] if match else stem
