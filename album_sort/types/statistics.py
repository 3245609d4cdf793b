"""Numbers taken from a small upright picture: evidence beside the network. Imports nothing of ours but `numbers`."""

from __future__ import annotations

from dataclasses import dataclass

from album_sort.types.numbers import NumberRecord, in_an_array

STATISTICS_VERSION = 7
"""Raised whenever the same picture would give other numbers; part of the cache key."""


@in_an_array
@dataclass(init=False, eq=False)
class ImageStatistics(NumberRecord):
    """Colour, luminance, lines, text and faces of a picture of about 256 px; every share and luminance is 0..1."""

    __slots__ = ()

    mean_luminance: float
    """0 black to 1 white (Rec. 601 luma)."""
    width_px: float = 0.0
    """Of the upright full picture, not of the small one; 0 when unknown."""
    height_px: float = 0.0
    dark_luminance: float = 0.0
    """5th percentile."""
    median_luminance: float = 0.0
    bright_luminance: float = 0.0
    """95th percentile."""
    mean_chroma: float = 0.0
    """Mean distance of the strongest from the weakest of the three channels."""
    balanced_chroma: float = 0.0
    """The same after the lightest quarter has been made grey: white paper under a warm lamp has none."""
    near_white_share: float = 0.0
    near_black_share: float = 0.0
    flat_share: float = 0.0
    """Pixels exactly equal to their right and lower neighbours: drawn, not photographed (or blown out)."""
    flat_midtone_share: float = 0.0
    """Flat pixels that are neither near white nor near black: no over-exposure explains them."""
    common_colour_share: float = 0.0
    """Share of the most common of 4096 coarse colours."""
    few_colours_share: float = 0.0
    """Share of the eight most common coarse colours."""
    paper_luminance: float = 0.0
    """Most common luminance: of the paper, if it is one."""
    paper_share: float = 0.0
    """Pixels near `paper_luminance` and nearly grey."""
    blank_paper_share: float = 0.0
    """16 px blocks that are light, nearly grey and without contrast: paper without ink (or snow, walls, plates)."""
    text_block_share: float = 0.0
    """16 px blocks of an even ground with thin strokes on it, light on dark or dark on light."""
    text_paper_share: float = 0.0
    """Text blocks whose ground is light and nearly grey."""
    thick_ink_share: float = 0.0
    """Part of what is darker than its light ground that is more than two pixels thick: things, not print."""
    text_line_share: float = 0.0
    """Rows in bands of strokes that blank rows separate: lines of text."""
    row_periodicity: float = 0.0
    """Highest autocorrelation of the rows' stroke counts at distances of 4 to 40 rows."""
    horizontal_line_share: float = 0.0
    """Rows along which more than 60 % of the pixels are an exact edge: panels, tables, bars."""
    vertical_line_share: float = 0.0
    border_share: float = 0.0
    """Pixels of the outermost ring within 6 of 255 of its most common colour."""
    top_strip_flat_share: float = 0.0
    """Flat pixels in the top 4 % (a status bar or a title bar)."""
    bottom_strip_flat_share: float = 0.0
    upper_luminance: float = 0.0
    """Mean of the upper half."""
    lower_luminance: float = 0.0
    upper_warm_share: float = 0.0
    """Pixels of the upper two thirds that are orange, red, pink or purple, and smooth: sky, not fabric or leaves."""
    upper_blue_share: float = 0.0
    """Smooth blue pixels of the upper two thirds."""
    upper_dark_share: float = 0.0
    """Smooth and nearly black pixels of the upper two thirds."""
    upper_smooth_share: float = 0.0
    """Blocks of the upper half without texture: sky, wall, fog."""
    light_point_share: float = 0.0
    """Small bright spots on dark ground in the upper half, per thousand pixels, capped at 1: stars, lamps."""
    glow_warmth: float = 0.0
    """Red minus blue, -1 to 1, of the brightest tenth of the upper two thirds: the sky around a low sun."""
    skin_share: float = 0.0
    """Pixels of human skin colour; wood, sand and bread have it too."""
    face_count: float = -1.0
    """Faces found; -1 where no detector looked."""
    largest_face_share: float = 0.0
    """Area of the largest face."""
    faces_share: float = 0.0
    """Area of all faces."""
    face_confidence: float = 0.0
    """Of the largest face."""
