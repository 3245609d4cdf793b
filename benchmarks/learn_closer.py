"""What a closer look brings to siblings: who goes to the right one, what is filed, and how much of it is right. A part of bench_learn.py.

All labels of a data set but `other...` are siblings. A half of what is shown of none is the library, in which five photos more of each
hide; counted is on photos that nobody has seen, as many of each sibling.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.siblings import (
    Closer,
    Seen,
    find_alike,
    likely_any,
    study_siblings,
    tell_apart,
)
from album_sort.core.learning.values import Examples, LearnedAlbums, Refusal
from benchmarks.learn_data import DataSet

HIDDEN = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    data: DataSet
    kinds: tuple[str, ...]
    shown: tuple[NDArray[np.intp], ...]
    rest: tuple[NDArray[np.intp], ...]
    library: NDArray[np.intp]

    @classmethod
    def of(cls, data: DataSet, kinds: tuple[str, ...], k: int, random: np.random.Generator) -> _Draw:
        mixed = [random.permutation(np.flatnonzero(data.label == kind)) for kind in kinds]
        others = random.permutation(np.flatnonzero(~np.isin(data.label, kinds)))
        hidden = [each[k : k + HIDDEN] for each in mixed]
        library = np.concatenate([others[::2], *hidden])
        return cls(data, kinds, tuple(one[:k] for one in mixed), tuple(one[k + HIDDEN :] for one in mixed), library)

    def learned(self) -> dict[str, tuple[LearnedAlbums, bool]]:
        """The siblings by whole pictures and by closer looks, and whether two of them would be refused as alike; nothing if all are."""
        rows, parts = self.data.embedding, self.data.parts
        classes = [Examples(rows[shown]) for shown in self.shown]
        study = study_siblings(classes, rows[self.library])
        if isinstance(study, Refusal) or parts is None:
            return {}
        worth, least = likely_any(study)
        positive = parts[np.concatenate(self.shown)]
        looks = Closer(positive, positive[:0], worth, parts[self.library[worth]], least)
        ways = {"whole": Seen.as_learned(study), "closer": Seen.closer(study, looks)}
        return {
            name: (tell_apart(study, classes, seen), find_alike(study, classes, seen) is not None)
            for name, seen in ways.items()
        }

    def figures(self, model: LearnedAlbums, target: float) -> tuple[float, float, float]:
        """Right of all, whatever was promised; filed of all at a precision target, and right of the filed."""
        parts = self.data.parts
        right, filed, filed_right = [], [], 0
        needed = [one.threshold(target) for one in model.albums]
        for kind, rest in enumerate(self.rest):
            looks = None if model.closer_from is None or parts is None else parts[rest]
            scores = model.score(self.data.embedding[rest], looks)
            right.append(float(np.mean((scores.argmax(axis=1) == kind) & np.isfinite(scores[:, kind]))))
            goes = scores >= needed
            filed.append(float(goes.any(axis=1).mean()))
            filed_right += int(goes[:, kind].sum())
        count = sum(round(share * len(rest)) for share, rest in zip(filed, self.rest, strict=True))
        return float(np.mean(right)), float(np.mean(filed)), filed_right / count if count else np.nan


def compare_closer(data: DataSet, k: int, draws: int) -> list[dict[str, object]]:
    """A row for whole pictures and one for closer looks: means over draws."""
    kinds, random = tuple(data.concepts(k + HIDDEN + 1)), np.random.default_rng(7)
    found: dict[str, list[tuple[float, ...]]] = {"whole": [], "closer": []}
    alike = {"whole": 0, "closer": 0}
    for _ in range(draws):
        draw = _Draw.of(data, kinds, k, random)
        for name, (model, is_alike) in draw.learned().items():
            found[name].append((*draw.figures(model, 0.8)[1:], *draw.figures(model, 0.95)))
            alike[name] += is_alike
    rows: list[dict[str, object]] = []
    for name, figures in found.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # nothing right where nothing was filed
            means = np.nanmean(np.array(figures), axis=0).round(3).tolist() if figures else [np.nan] * 5
        start = {"data": data.name, "siblings": len(kinds), "examples": k, "looks": name, "draws": len(figures)}
        columns = ("filed_80", "right_80", "right_of_all", "filed_95", "right_95")
        rows.append({**start, "alike": alike[name], **dict(zip(columns, means, strict=True))})
    return rows
