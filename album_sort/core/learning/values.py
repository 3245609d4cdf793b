"""What learning takes and gives: frozen values, arrays of embeddings in, log-odds out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from album_sort.core.learning.space import Space, at_length_1

CAP = 8.0
"""Most that a learned album says for or against a photo, in log-odds: a dozen examples cannot know more."""

Curve = tuple[tuple[float, float], ...]
"""(log-odds, precision), both rising: the share of right ones among what is filed from there on."""


def _no_rows() -> NDArray[np.float16]:
    return np.zeros((0, 0), np.float16)


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a person has shown of one album."""

    positive: NDArray[np.floating]
    """(P, D) embeddings of photos that belong to it."""
    negative: NDArray[np.floating] = field(default_factory=_no_rows)
    """(N, D) of photos that do not, by `--not`, an answer or a correction."""
    groups: NDArray[np.integer] | None = None
    """(P,) a number for each positive: those of one burst or one moment share it and are left out together, so that no photo is
    found by its own double. None: each for itself. Near doubles are found anyway."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a learned album is worth, measured on photos that were left out while it learned."""

    examples: int
    """Positives it has learned from."""
    found: int
    """Of them, how many were found at `threshold` when they were left out."""
    threshold: float
    """Log-odds from which a photo is filed at the precision target that it was learned with."""
    along_per_1000: float
    """Of 1,000 photos of the library, how many would come along at that threshold: right ones that nobody has shown among them."""
    false_per_1000: float
    """Of these, how many would be wrong, as the log-odds themselves say."""
    supports_filing: bool
    """Whether it may file: never on fewer than 8 examples unless leaving each out in turn supports it."""
    outliers: tuple[int, ...] = ()
    """Rows of `positive` that nothing else of the examples resembles: shown to the person before they are believed."""

    @property
    def recall(self) -> float:
        """Share of the left-out examples that was found, 0..1."""
        return self.found / self.examples if self.examples else 0.0


class RefusalCode(StrEnum):
    """Why nothing was learned."""

    NO_EXAMPLES = "no-examples"
    NO_LIBRARY = "no-library"
    """Too few other photos to tell the album from."""
    CONTRADICTION = "contradiction"
    """The same picture, or its double, is shown as belonging and as not belonging."""
    SCATTERED = "scattered"
    """The examples have no more in common with each other than with the library."""
    ALIKE = "alike"
    """Two siblings are not told apart better than by chance."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was learned, with the photos that show it."""

    code: RefusalCode
    positive: tuple[int, ...] = ()
    """Rows of `positive`, of the first of `siblings` where there are two; those that show it best first."""
    negative: tuple[int, ...] = ()
    """Rows of `negative`; for `ALIKE`, rows of the second sibling's `positive`. Pairs with `positive` for `CONTRADICTION`."""
    siblings: tuple[int, ...] = ()
    """For `ALIKE`, the places of the two in what was given."""
    share: float = 0.0
    """What was found of the left-out examples: `SCATTERED`, those found; `ALIKE`, those given to the right one of the two."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a photo resembles the examples."""

    like: int
    """How many examples it resembles more than all but one in a hundred of the library do."""
    of: int
    nearest: tuple[int, ...]
    """Rows of the examples, most alike first."""
    cosines: tuple[float, ...]
    """Of the angles to them, centred on the library: 1 is the same picture, 0 has nothing to do with it."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnedAlbum:
    """One album, ready to score any photo of the same network."""

    space: Space
    weights: NDArray[np.float32]
    """(D,) for a centred embedding of length 1; calibrated, so that its sum with `intercept` is log-odds."""
    intercept: float
    prior: float
    """Log-odds of any photo of the library before it is looked at. `score - prior` is the weight of evidence."""
    curve: Curve
    examples: NDArray[np.float16]
    """(P, D) positives as they were given, for `nearest`."""
    alike_from: NDArray[np.float32]
    """(P,) the cosine from which a photo counts as like this example."""
    worth: Worth

    def score(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) log-odds in -CAP..CAP of (N, D) embeddings that each belongs, against the library's own mix.

        A photo's number never depends on the photos beside it. One without finite numbers gets -CAP.
        """
        return np.clip(self.against_library(embeddings), -CAP, CAP)

    def against_library(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) the same without the cap; -inf where an embedding has no finite numbers."""
        return self.space.times(embeddings, self.weights, self.intercept)

    def threshold(self, precision_target: float) -> float:
        """Log-odds to file from, so that the share of right ones is expected to be at least the target; CAP where none is known."""
        return lowest(self.curve, precision_target)

    def nearest(self, embedding: NDArray[np.floating], k: int = 3) -> Likeness:
        """How one photo (D,) resembles the examples: "like 8 of your 12 examples; nearest: ..."."""
        cosines = (self.space.place(self.examples) * self.space.place(embedding[None])).sum(axis=1)
        order = np.argsort(-cosines, kind="stable")[:k]
        return Likeness(
            like=int(np.count_nonzero(cosines >= self.alike_from)),
            of=len(self.examples),
            nearest=tuple(order.tolist()),
            cosines=tuple(cosines[order].tolist()),
        )


def lowest(curve: Curve, precision_target: float) -> float:
    """Log-odds from which a curve reaches a precision, at most CAP; CAP where it never does."""
    return min(next((log_odds for log_odds, precision in curve if precision >= precision_target), CAP), CAP)


@dataclass(frozen=True, slots=True, eq=False)
class LearnedAlbums:
    """Siblings that were learned together: a photo belongs to one of them at most."""

    albums: tuple[LearnedAlbum, ...]
    """In the order in which they were given; thresholds, examples and worth (measured beside the siblings) are theirs. A
    sibling's own `score` says whether a photo is any of them: what counts is `LearnedAlbums.score`."""
    weights: NDArray[np.float32]
    """(C, D) what tells them apart: a softmax over it and `intercepts` is the share of each, if a photo is any of them."""
    intercepts: NDArray[np.float64]
    """(C,)"""
    closer_from: float | None = None
    """Where they are told apart by a closer look: log-odds of being any of them from which a photo is looked at, and below which it
    is taken for none of them. `weights` and `intercepts` then are about what `gathered` makes of the parts of a photo."""

    def any_of_them(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) log-odds that each of (N, D) photos is any of the siblings; -inf where an embedding has no finite numbers."""
        return self.albums[0].against_library(embeddings)

    def score(
        self, embeddings: NDArray[np.floating], closer: NDArray[np.floating] | None = None
    ) -> NDArray[np.float64]:
        """(N, C) log-odds in -CAP..CAP that each of (N, D) photos belongs to this sibling: neither to another nor to none.

        `closer`: (N, V, D) what closer looks have told of the parts of each, where siblings are told apart by them; a photo without
        finite numbers there, or so unlikely any of them that nobody looks, gets -inf.
        """
        any_of_them, space = self.any_of_them(embeddings), self.albums[0].space
        if self.closer_from is None:
            pairs = zip(self.weights, self.intercepts.tolist(), strict=True)
            said = [space.times(embeddings, weights, intercept) for weights, intercept in pairs]
            return np.clip(each_of(any_of_them, np.stack(said, axis=1)), -CAP, CAP)
        if closer is None:
            raise ValueError("siblings that are told apart by a closer look, and nothing of one")
        gathered_rows = gathered(closer, space, self.albums[0].weights, self.albums[0].intercept)
        # Not a matrix product, whose rounding depends on how many rows there are.
        said = [(gathered_rows * weights).sum(axis=1, dtype=np.float64) for weights in self.weights]
        told = np.stack(said, axis=1) + self.intercepts
        is_told = np.isfinite(told).all(axis=1) & (any_of_them >= self.closer_from)
        scores = np.clip(each_of(np.where(is_told, any_of_them, -np.inf), told), -CAP, CAP)
        return np.where(is_told[:, None], scores, -np.inf)


def gathered(
    parts: NDArray[np.floating], space: Space, weights: NDArray[np.float32], intercept: float
) -> NDArray[np.float32]:
    """(N, D) of (N, V, D) parts of photos: their mean in this space at length 1, each by its odds of showing what is looked for.

    `weights` and `intercept` give these odds. A thing fills a part or two of a photo; the others are what it stands before. NaN where
    a part has no finite numbers.
    """
    flat = parts.reshape(-1, parts.shape[-1])
    odds = space.times(flat, weights, intercept).reshape(parts.shape[:2])
    placed = space.place(flat).reshape(parts.shape)
    odds = np.where(np.isfinite(odds).all(axis=1, keepdims=True), odds, np.nan)
    shares = np.exp(odds - odds.max(axis=1, keepdims=True)).astype(np.float32)
    return at_length_1((placed * shares[:, :, None]).sum(axis=1))


def each_of(any_of_them: NDArray[np.float64], said: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, C) log-odds of each sibling, of (N,) log-odds that a photo is any of them and what is said (N, C) of each."""
    is_sound = np.isfinite(any_of_them)
    said, gate = np.where(is_sound[:, None], said, 0.0), np.where(is_sound, any_of_them, 0.0)[:, None]
    share = said - np.logaddexp.reduce(said, axis=1, keepdims=True)
    chance = np.exp(share - np.logaddexp(0.0, -gate))
    log_odds = np.log(np.maximum(chance, 1e-12)) - np.log(np.maximum(1.0 - chance, 1e-12))
    return np.where(is_sound[:, None], log_odds, -np.inf)
