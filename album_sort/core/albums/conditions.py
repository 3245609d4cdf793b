"""What a rule can ask of a photo: one row for each key of a rule's `when`. docs/contributing/add-a-condition.md adds one.

A row says how the key is read, when it holds, and what the guide tells of it (docs/guides/albums.md is made from here).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from album_sort.core.albums.overlay_reader import OverlayReader
from album_sort.core.albums.scoring import NUM_CLASSES
from album_sort.core.albums.toml_lines import KeyPath
from album_sort.sentences import sentence
from album_sort.types import AlbumId, ClassIndex, PhotoFacts, Season, TimePrecision

_WITHOUT_MONTH = (TimePrecision.YEAR,)
_USUAL_AT_LEAST = 0.3


class Written(NamedTuple):
    """The value of a key as it stands in the file. What is wrong with it is noted by the reader, never raised."""

    reader: OverlayReader
    path: KeyPath
    value: object
    when: Mapping[str, Any]
    """All keys of this condition."""
    albums: Sequence[AlbumId]
    """Those that there are."""


class JudgedPhoto(NamedTuple):
    """A photo of which a condition is asked."""

    facts: PhotoFacts
    scores: Sequence[float]
    """Probability of each album by column, evidence included."""
    columns: Mapping[AlbumId, int]

    def probability(self, album: AlbumId) -> float:
        """Of an album; 0 for one that is no more."""
        column = self.columns.get(album)
        return 0.0 if column is None else self.scores[column]


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ConditionKey(Generic[Value]):
    """One key of `when`."""

    name: str
    read: Callable[[Written], Value | None]
    """The value to ask with; None, or an empty tuple, where it asks nothing."""
    holds: Callable[[Value, JudgedPhoto], bool] | None
    """None for a key that only says how another one is meant."""
    examples: tuple[str, ...]
    """As one writes them behind `name = `, the most usual first."""
    sentence: str
    """For the guide: goes on from "this key holds ..."."""
    possible: Callable[[Value, NDArray[np.uint16], NDArray[np.float32]], NDArray[np.bool_]] | None = None
    """Which of many photos it can hold of, by their `Prediction.stack`, where that is quicker than to ask each."""


class _Classes(NamedTuple):
    """Classes whose probabilities add up to at least so much."""

    indices: tuple[ClassIndex, ...]
    at_least: float


def _texts(written: Written) -> tuple[str, ...]:
    return written.reader.texts(written.path, written.value)


def _boolean(written: Written) -> bool:
    return written.reader.boolean(written.path, written.value)


def _share(written: Written) -> float:
    return written.reader.number(written.path, written.value, 0.0, 1.0)


def _cycle(low: int, high: int) -> Callable[[Written], tuple[int, ...]]:
    return lambda written: written.reader.cycle(written.path, written.value, low, high)


def _trip_asked(written: Written) -> bool | tuple[str, ...]:
    """Whether there is to be a trip, or patterns of its title."""
    return written.value if isinstance(written.value, bool) else _texts(written)


def _classes_asked(written: Written) -> _Classes | None:
    reader, entries = written.reader, written.value if isinstance(written.value, list) else [written.value]
    found = tuple(index for entry in entries if (index := reader.class_index(written.path, entry)) is not None)
    at_least = _USUAL_AT_LEAST
    if "classes_at_least" in written.when:
        path = (*written.path[:-1], "classes_at_least")
        at_least = reader.number(path, written.when["classes_at_least"], 0.0, 1.0)
    return _Classes(found, at_least) if found else None


def _albums_asked(written: Written) -> tuple[tuple[AlbumId, float], ...]:
    """Albums with the least probability of each."""
    reader, path, value = written.reader, written.path, written.value
    if not isinstance(value, dict):
        reader.fault(path, sentence("rules.when-album-is-not", value=value))
        return ()
    found = []
    for name, least in value.items():
        album = reader.album((*path, name), name, written.albums)
        number = reader.number((*path, name), least, 0.0, 1.0)
        if album is not None:
            found.append((album, number))
    return tuple(found)


@lru_cache(maxsize=16_384)
def _any_matches(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    folded = [text.casefold() for text in texts if text]
    return any(fnmatchcase(text, pattern.casefold()) for pattern in patterns for text in folded)


def _month(months: tuple[int, ...], photo: JudgedPhoto) -> bool:
    time = photo.facts.capture_time
    return time is not None and time.precision not in _WITHOUT_MONTH and time.local.month in months


def _hour(hours: tuple[int, ...], photo: JudgedPhoto) -> bool:
    time = photo.facts.capture_time
    return time is not None and time.has_hour and time.local.hour in hours


def _trip(asked: bool | tuple[str, ...], photo: JudgedPhoto) -> bool:  # noqa: FBT001 - a value of the file
    trip = photo.facts.trip
    if isinstance(asked, bool):
        return asked is (trip is not None)
    return trip is not None and _any_matches(asked, (trip.title,))


def _place(patterns: tuple[str, ...], photo: JudgedPhoto) -> bool:
    place = photo.facts.place
    return place is not None and _any_matches(patterns, (place.name, place.admin1))


def _country(patterns: tuple[str, ...], photo: JudgedPhoto) -> bool:
    place = photo.facts.place
    return place is not None and _any_matches(patterns, (place.country_code, place.country))


def _folder(patterns: tuple[str, ...], photo: JudgedPhoto) -> bool:
    return _is_below(patterns, photo.facts.group.primary.folder)


@lru_cache(maxsize=16_384)
def _is_below(patterns: tuple[str, ...], folder: str) -> bool:
    """Whole folder names only: `shoes` is not a match for `horseshoes`."""
    return _any_matches(tuple(f"*/{pattern.strip('/')}/*" for pattern in patterns), (f"/{folder.strip('/')}/",))


_set_of = lru_cache(maxsize=256)(frozenset[ClassIndex])


def _classes(asked: _Classes, photo: JudgedPhoto) -> bool:
    prediction = photo.facts.prediction
    if prediction is None:
        return False
    wanted, indices = _set_of(asked.indices), prediction.class_indices.tolist()
    if wanted.isdisjoint(indices):
        return asked.at_least <= 0.0
    seen = zip(indices, prediction.probabilities.tolist(), strict=True)
    return float(sum(probability for index, probability in seen if index in wanted)) >= asked.at_least


def _rows_with_classes(
    asked: _Classes, indices: NDArray[np.uint16], probabilities: NDArray[np.float32]
) -> NDArray[np.bool_]:
    if asked.at_least <= 0.0:
        return np.ones(len(indices), dtype=np.bool_)
    is_wanted = np.zeros(NUM_CLASSES, dtype=np.bool_)
    is_wanted[list(asked.indices)] = True
    return np.asarray((is_wanted[indices] & (probabilities > 0.0)).any(axis=1))


def _albums(asked: tuple[tuple[AlbumId, float], ...], photo: JudgedPhoto) -> bool:
    return all(photo.probability(album) >= least for album, least in asked)


def _table(*keys: ConditionKey[Any]) -> Mapping[str, ConditionKey[Any]]:
    return MappingProxyType({key.name: key for key in keys})


CONDITIONS: Final = _table(
    ConditionKey(
        "album",
        _albums_asked,
        _albums,
        ("{ pets = 0.5 }",),
        "where each album is at least this likely, evidence included",
    ),
    ConditionKey(
        "classes",
        _classes_asked,
        _classes,
        ('["pizza", "bagel"]',),
        f"where these classes together reach `classes_at_least` ({_USUAL_AT_LEAST:g})",
        possible=_rows_with_classes,
    ),
    ConditionKey("classes_at_least", _share, None, ("0.1",), "says how likely `classes` must be together"),
    ConditionKey(
        "season",
        lambda written: written.reader.choice(written.path, written.value, tuple(Season)),
        lambda seasons, photo: photo.facts.season in seasons,
        ('"winter"',),
        "at the place, so July is winter in New Zealand; never in the tropics or without a date",
    ),
    ConditionKey("month", _cycle(1, 12), _month, ("[6, 7]", '"11-2"'), "in these months"),
    ConditionKey(
        "hour",
        _cycle(0, 23),
        _hour,
        ('"22-4"',),
        "at these hours of local time; never where only the day is known",
    ),
    ConditionKey("place", _texts, _place, ('"Nise*"',), "by name of the nearest town or its region"),
    ConditionKey("country", _texts, _country, ('["JP", "Norway"]',), "by code or name"),
    ConditionKey(
        "trip", _trip_asked, _trip, ("true", "false", '"*Japan*"'), "on a trip, on none, or on one with such a title"
    ),
    ConditionKey(
        "away",
        _boolean,
        lambda away, photo: photo.facts.away_from_home is away,
        ("true", "false"),
        "away from home or at home; neither holds without a position or a home",
    ),
    ConditionKey(
        "camera",
        _texts,
        lambda patterns, photo: _any_matches(patterns, (photo.facts.metadata.camera,)),
        ('"*Pixel*"',),
        "by make and model",
    ),
    ConditionKey("folder", _texts, _folder, ('"shop/*/raw"',), "by whole folder names on the way to the photo"),
    ConditionKey(
        "name",
        _texts,
        lambda patterns, photo: _any_matches(patterns, (photo.facts.group.primary.name,)),
        ('"IMG_*.jpg"',),
        "by file name",
    ),
)
"""By name, in the order of the guide."""


def guide_table() -> str:
    """The table of conditions in docs/guides/albums.md."""
    rows = [f"| `{key.name} = {_either(key.examples)} | {key.sentence} |" for key in CONDITIONS.values()]
    return "\n".join(("| key | holds |", "|--|--|", *rows)) + "\n"


def _either(examples: Sequence[str]) -> str:
    """`true`, `false` or `"*Japan*"`; the first one's quote is open already."""
    quoted = [f"{examples[0]}`", *(f"`{example}`" for example in examples[1:])]
    return " or ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else quoted[0]
