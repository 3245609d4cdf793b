"""Facts for tests of albums: short words for a photo, and the shipped rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import numpy as np

from album_sort.classifier.labels import label_text, load_labels
from album_sort.core.albums.album_rules import AlbumRules
from album_sort.core.albums.assignment import assign
from album_sort.core.albums.calibration import Calibration
from album_sort.core.albums.filing_policy import FilingPolicy
from album_sort.core.albums.overlay import parse_overlay
from album_sort.types import (
    AlbumId,
    Assignment,
    CaptureTime,
    ContentId,
    Evidence,
    FileEntry,
    FileKind,
    Metadata,
    PhotoFacts,
    PhotoGroup,
    Place,
    Prediction,
    Reason,
    TimePrecision,
    TimeSource,
    Trip,
)

PLAIN = Calibration(weights_sha256="", temperature=1.0, slope=1.0, intercept=0.0)
"""Scores taken as they are: a case then shows rules, not calibration."""

CONTENT = ContentId("a" * 64)


@cache
def shipped_rules() -> AlbumRules:
    """The rules that come with the program."""
    return parse_overlay(label_text("rules.toml"), load_labels(), "labels/rules.toml")


def with_overlay(text: str) -> AlbumRules:
    """A user's rules laid over the shipped ones."""
    return parse_overlay(text, load_labels(), "albums.toml", shipped_rules())


def prediction_of(classes: Mapping[str, float]) -> Prediction:
    """Classes by English name with their probabilities."""
    by_name = {known.names["en"]: known.index for known in load_labels().classes}
    pairs = sorted(classes.items(), key=lambda item: -item[1])
    return Prediction(
        "test",
        np.array([by_name[name] for name, _ in pairs], dtype=np.uint16),
        np.array([probability for _, probability in pairs], dtype=np.float32),
    )


def place_of(name: str, country: str, country_code: str) -> Place:
    """A place of which only the name matters."""
    return Place(name, country, country_code, 1.0, 1, 0.0, 0.0, "UTC")


def trip_of(title: str, theme: str | None = None, *, is_day_trip: bool = False) -> Trip:
    """A trip of which title and theme matter."""
    day = date(2025, 12, 29)
    album = None if theme is None else AlbumId(theme)
    return Trip("t1", title, day, day, frozenset({CONTENT}), theme=album, is_day_trip=is_day_trip)


def facts_of(
    path: str = "photos/IMG_1.jpg",
    classes: Mapping[str, float] | None = None,
    *,
    taken: str | None = None,
    camera: str = "",
    **known: object,
) -> PhotoFacts:
    """A photo: `taken` is `2025-12-30` or `2025-12-30T14:00`; `known` are other fields of PhotoFacts."""
    time = None
    if taken is not None:
        precision = TimePrecision.SECOND if "T" in taken else TimePrecision.DAY
        time = CaptureTime(datetime.fromisoformat(taken), None, TimeSource.EXIF_ORIGINAL, precision)
    fields: dict[str, Any] = {
        "group": PhotoGroup(FileEntry(path, "photos", 1, 0, 0, 0, FileKind.PHOTO), CONTENT),
        "metadata": Metadata(camera_model=camera),
        "capture_time": time,
        "position": None,
        "place": None,
        "season": None,
        "away_from_home": None,
        "trip": None,
        "statistics": None,
        "prediction": None if classes is None else prediction_of(classes),
    }
    return PhotoFacts(**{**fields, **known})


def file_photo(
    facts: PhotoFacts,
    rules: AlbumRules | None = None,
    evidence: Mapping[str, float] | None = None,
    correction: str | None = None,
    precision_target: float = 0.6,
    *,
    calibration: Calibration = PLAIN,
) -> Assignment:
    """Where a photo goes, with evidence as album and log-odds."""
    policy = FilingPolicy(rules or shipped_rules(), calibration, precision_target)
    pieces = [Evidence(AlbumId(album), weight, Reason("test.said")) for album, weight in (evidence or {}).items()]
    base = policy.score([facts.prediction])[0].tolist()
    return assign(facts, base, policy, pieces, None if correction is None else AlbumId(correction))
