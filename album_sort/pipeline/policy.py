"""Loads what decides about albums: labels, shipped rules, the user's rules, and the calibration of the weights."""

from __future__ import annotations

from album_sort.classify.labels import label_text, load_labels
from album_sort.core.album_rules import AlbumRules
from album_sort.core.calibration import DEFAULT, Calibration, parse_calibration
from album_sort.core.overlay import parse_overlay
from album_sort.core.rules import FilingPolicy
from album_sort.errors import AlbumSortError, UsageError, why_unreadable
from album_sort.reading import read_given

RULES_FILE = "rules.toml"
MOST_BYTES = 8 << 20
"""Of the user's rules."""


def load_rules(overlay: str = "") -> AlbumRules:
    """The shipped rules with the user's file laid over them; raises `UsageError` with all its faults."""
    labels = load_labels()
    shipped = parse_overlay(label_text(RULES_FILE), labels, RULES_FILE)
    if not overlay:
        return shipped
    try:
        text = read_given(overlay, MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the album rules {overlay!r}: {why_unreadable(error)}",
            hint="give --albums a TOML file of your own rules; without it the shipped ones hold",
        ) from error
    return parse_overlay(text, labels, overlay, shipped)


def load_calibration(weights_sha256: str) -> Calibration:
    """How to read the scores of these weights; the conservative default where nobody has calibrated them."""
    name = f"calibration/{weights_sha256[:8]}.toml"
    try:
        text = label_text(name)
    except AlbumSortError:
        return DEFAULT
    return parse_calibration(text, name)


def load_policy(weights_sha256: str, overlay: str, precision_target: float) -> FilingPolicy:
    """Rules, calibration and the wanted precision together."""
    return FilingPolicy(load_rules(overlay), load_calibration(weights_sha256), precision_target)
