"""A learned album as text: numbers only, to be kept in a state or carried to another computer."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from album_sort.core import checked
from album_sort.core.learning.space import Space
from album_sort.core.learning.values import LearnedAlbum, LearnedAlbums, Worth

_VERSION = 1
_CLOSER_VERSION = 2
"""Of siblings that are told apart by a closer look."""

_LARGEST = 1e9
"""Of any number that was learned: far more than one is, and small enough that no sum of their squares overflows."""
_MOST_PHOTOS = 10**9


def to_json(album: LearnedAlbum) -> str:
    """One object: `of_json` gives an album that says the same of every photo, to the last bit."""
    return json.dumps(
        {
            "version": _VERSION,
            "centre": _packed(album.space.centre),
            "weights": _packed(album.weights),
            "intercept": album.intercept,
            "prior": album.prior,
            "curve": album.curve,
            "examples": _packed(album.examples.ravel()),
            "alike_from": _packed(album.alike_from),
            "worth": asdict(album.worth),
        }
    )


def of_json(text: str) -> LearnedAlbum:
    """The inverse of `to_json`; ValueError for anything else, whoever wrote it."""
    try:
        data = checked.json_object(text)
        if data["version"] != _VERSION:
            raise ValueError(f"a learned album of version {data['version']!r}")
        centre, weights = _unpacked(data["centre"], "<f4"), _unpacked(data["weights"], "<f4")
        album = LearnedAlbum(
            space=Space(centre),
            weights=weights,
            intercept=_number(data["intercept"]),
            prior=_number(data["prior"]),
            curve=tuple((_number(log_odds), _number(precision)) for log_odds, precision in data["curve"]),
            examples=_unpacked(data["examples"], "<f2").reshape(-1, max(len(centre), 1)),
            alike_from=_unpacked(data["alike_from"], "<f4"),
            worth=_worth(data["worth"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no learned album: {error}") from error
    if not all(map(_are_numbers, (centre, weights, album.examples, album.alike_from))):
        raise ValueError("a learned album with values that are no numbers")
    if weights.shape != centre.shape or not len(centre) or len(album.examples) != len(album.alike_from):
        raise ValueError(f"a learned album of {len(centre)} and {len(weights)} numbers")
    return album


def siblings_to_json(siblings: LearnedAlbums) -> str:
    """The same for albums that were learned together; told apart by a closer look, of a version that older programs refuse."""
    apart = {"weights": _packed(siblings.weights.ravel()), "intercepts": _packed(siblings.intercepts)}
    values = {"version": _VERSION, "albums": [*map(to_json, siblings.albums)], "apart": apart}
    if siblings.closer_from is not None:
        values |= {"version": _CLOSER_VERSION, "closer_from": siblings.closer_from}
    return json.dumps(values)


def siblings_of_json(text: str) -> LearnedAlbums:
    """The inverse of `siblings_to_json`; ValueError for anything else."""
    try:
        data = checked.json_object(text)
        if data["version"] not in (_VERSION, _CLOSER_VERSION):
            raise ValueError(f"learned albums of version {data['version']!r}")
        albums = tuple(map(of_json, data["albums"]))
        intercepts = _unpacked(data["apart"]["intercepts"], "<f8")
        weights = _unpacked(data["apart"]["weights"], "<f4").reshape(max(len(albums), 1), -1)
        closer_from = None if data["version"] == _VERSION else _number(data["closer_from"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no learned albums: {error}") from error
    sizes = {len(album.weights) for album in albums}
    if len(albums) < 2 or sizes != {weights.shape[1]} or len(intercepts) != len(albums):
        raise ValueError(f"{len(albums)} learned albums with {weights.shape} numbers")
    if not _are_numbers(weights) or not _are_numbers(intercepts):
        raise ValueError("learned albums with values that are no numbers")
    return LearnedAlbums(albums, weights, intercepts, closer_from)


def _worth(data: dict[str, Any]) -> Worth:
    examples = checked.whole(data["examples"], high=_MOST_PHOTOS)
    return Worth(
        examples=examples,
        found=checked.whole(data["found"], high=examples),
        threshold=_number(data["threshold"]),
        along_per_1000=_number(data["along_per_1000"]),
        false_per_1000=_number(data["false_per_1000"]),
        supports_filing=checked.yes_or_no(data["supports_filing"]),
        outliers=tuple(checked.whole(row, high=examples - 1) for row in data["outliers"]),
    )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError(f"{value!r:.80} is not a number that was learned")
    return float(value)


def _are_numbers(values: NDArray[Any]) -> bool:
    return bool((np.abs(values.astype(np.float64)) <= _LARGEST).all())


def _packed(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def _unpacked(text: str, dtype: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype)
