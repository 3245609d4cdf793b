"""What speaks for and against a screenshot: name, comment, size, and pixels that were drawn rather than photographed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from album_sort.core.evidence.ramps import ramp, round_weight, shape_of, words_of
from album_sort.core.evidence.screen_sizes import screen_of
from album_sort.types.albums import AlbumId, Evidence, PhotoFacts
from album_sort.types.statistics import ImageStatistics

SCREENSHOTS = AlbumId("screenshots")
DOCUMENTS = AlbumId("documents")

# Matched against the name as words (`words_of`): separators and case are gone.
NAME_PATTERN = re.compile(
    r"\bscreen ?shots?\b|\bscreen ?shot\d|\bscreen ?(capture|grab|cap|clip)\b|\bscrnshot|\bscreencapture\b|\bsnip\b"
    r"|\bbildschirm(foto|aufnahme|abdruck)\b|\bbildschirmfoto\d|\bschermafbeelding\b|\bskärm(bild|avbild|dump)\b"
    r"|\bskjerm(bilde|dump)\b|\bskærmbillede\b|\bnäyttökuva\b|\bkuvakaappaus\b"
    r"|\bcapture d ?écran\b|\bcapture ?d ecran\b|\bcaptura(s)? de (pantalla|tela|ecrã)\b|\bcaptura de ecra\b|\bcaptura\b"
    r"|\bschermata\b|\bistantanea schermo\b|\bzrzut ekranu\b|\bsnímek obrazovky\b|\bsnímka obrazovky\b|\bekran görüntüsü\b"
    r"|\bснимок( экрана)?\b|\bскриншот\b|\bзнімок екрана\b"
    r"|截屏|截图|截圖|螢幕截圖|螢幕快照|屏幕截图|屏幕快照|스크린샷|화면 캡처|スクリーンショット|スクショ|画面キャプチャ"
    r"|\bskrinshot\b|\btangkapan layar\b|\bảnh chụp màn hình\b|ภาพหน้าจอ|لقطة شاشة|צילום מסך",
)


def screenshot_evidence(facts: PhotoFacts) -> Iterator[Evidence]:
    """Evidence for the album of screenshots, and against documents where a screen is certain."""
    told = list(_told(facts))
    yield from told
    pixels = facts.statistics
    if has_exposure(facts):
        yield Evidence.of(SCREENSHOTS, -5.0, "evidence.screenshot.camera", camera=facts.metadata.camera or "?")
        return
    if pixels is None:
        return
    size = list(_size(facts, pixels))
    yield from size
    yield from _drawn(pixels)
    yield from _file_format(facts, pixels)
    if told or (size and size[0].weight >= 3.0):
        yield Evidence.of(DOCUMENTS, -3.0, "evidence.document.is-screen")


def has_exposure(facts: PhotoFacts) -> bool:
    """Whether a lens took it: exposure, aperture, ISO or focal length are known; a mere maker's name stands in screenshots too."""
    metadata = facts.metadata
    return bool(metadata.exposure_s or metadata.f_number or metadata.iso or metadata.focal_length_mm)


def _told(facts: PhotoFacts) -> Iterator[Evidence]:
    """What the name and the metadata say in words."""
    name = facts.group.primary.name
    if _is_screens_name(shape_of(name)):
        yield Evidence.of(SCREENSHOTS, 6.0, "evidence.screenshot.name", name=name)
    comment = facts.metadata.user_comment
    if comment and "screenshot" in comment.casefold():
        yield Evidence.of(SCREENSHOTS, 7.0, "evidence.screenshot.comment", comment=comment)


@lru_cache(maxsize=4096)
def _is_screens_name(shape: str) -> bool:
    return NAME_PATTERN.search(words_of(shape)) is not None


def _size(facts: PhotoFacts, pixels: ImageStatistics) -> Iterator[Evidence]:
    """Exactly the size of a screen, without a camera."""
    width, height = round(pixels.width_px), round(pixels.height_px)
    screen = screen_of(width, height)
    if not screen or facts.metadata.camera:
        return
    lossless = facts.media_format in ("png", "webp")
    # Pictures re-encoded by a messenger keep a screen's size only when they were screens.
    weight = {"phone": 3.0, "tablet": 2.5, "computer": 2.0, "shared": 0.7}[screen] + (1.0 if lossless else 0.0)
    if drawn_degree(pixels) < 0.1 and not lossless:
        weight *= 0.4
    yield Evidence.of(
        SCREENSHOTS, round_weight(weight), f"evidence.screenshot.size-{screen}", width_px=width, height_px=height
    )


def drawn_degree(pixels: ImageStatistics) -> float:
    """0 for photographs to 1 for drawn surfaces: exactly equal neighbours, few colours."""
    even = ramp(pixels.flat_share, 0.30, 0.60)
    if even == 0.0:  # a photograph, as most are
        return 0.0
    few = ramp(pixels.few_colours_share, 0.55, 0.80)
    return even * few


def drawn_ground_degree(pixels: ImageStatistics) -> float:
    """0 to 1: drawn surfaces that are coloured, grey or black. Scans are evenly white as well, screens need not be."""
    midtone = ramp(pixels.flat_midtone_share, 0.03, 0.15)
    return drawn_degree(pixels) * max(midtone, ramp(pixels.near_black_share, 0.25, 0.5))


def _drawn(pixels: ImageStatistics) -> Iterator[Evidence]:
    """Surfaces that were drawn, with text or panels on them; or noise everywhere, which no screen has."""
    degree = drawn_degree(pixels)
    if degree > 0.0:
        written = max(ramp(pixels.text_block_share, 0.08, 0.25), ramp(pixels.horizontal_line_share, 0.005, 0.03))
        ground = drawn_ground_degree(pixels)
        weight = degree * 0.5 * (1.0 + written) + ground * (1.5 + 2.0 * written)
        if weight >= 0.3:
            share = round(100 * pixels.flat_share)
            yield Evidence.of(SCREENSHOTS, round_weight(weight), "evidence.screenshot.drawn", percent=share)
    textured = ramp(pixels.flat_share, 0.30, 0.12)
    if textured > 0.0:
        share = round(100 * pixels.flat_share)
        weight = round_weight(-3.0 * textured)
        yield Evidence.of(SCREENSHOTS, weight, "evidence.screenshot.textured", percent=share)


def _file_format(facts: PhotoFacts, pixels: ImageStatistics) -> Iterator[Evidence]:
    """PNG without a camera: cameras write JPEG or HEIC, screens PNG."""
    if facts.media_format == "png" and not facts.metadata.camera:
        weight = 0.7 + 1.8 * drawn_degree(pixels)
        yield Evidence.of(SCREENSHOTS, round_weight(weight), "evidence.screenshot.png")
